# Which key protects a bucket: a companion with each answer.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {

  region                      = "ap-northeast-1"
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "sg"
  region                      = "ap-southeast-1"
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

resource "aws_kms_key" "own" {}
resource "aws_kms_external_key" "imported" {}
resource "aws_kms_key" "xks" {
  custom_key_store_id = "cks-1234567890abcdef0"
  xks_key_id          = "external-1"
}
resource "aws_kms_key" "hsm" { custom_key_store_id = "cks-0000000000abcdef0" }

resource "aws_s3_bucket" "plain" { bucket = "member-plain" }
resource "aws_s3_bucket" "b" {
  for_each = toset(["own", "imported", "xks", "hsm", "aes", "aws", "dsse", "foreign"])
  bucket   = "member-${each.key}"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "own" {
  bucket = aws_s3_bucket.b["own"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.own.arn
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "imported" {
  bucket = aws_s3_bucket.b["imported"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_external_key.imported.arn
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "xks" {
  bucket = aws_s3_bucket.b["xks"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.xks.key_id
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "hsm" {
  bucket = aws_s3_bucket.b["hsm"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.hsm.id
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "aes" {
  bucket = aws_s3_bucket.b["aes"].id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "aws" {
  bucket = aws_s3_bucket.b["aws"].id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "aws:kms" }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "dsse" {
  bucket = aws_s3_bucket.b["dsse"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms:dsse"
      kms_master_key_id = aws_kms_key.own.arn
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "foreign" {
  bucket = aws_s3_bucket.b["foreign"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:ap-southeast-1:210987654321:key/11111111-2222-3333-4444-555555555555"
    }
  }
}
