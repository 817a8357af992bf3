# What stands already: made on a moto server with step=1, then planned with step=2.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "step" { type = number }
variable "endpoint" { default = "http://127.0.0.1:5999" }

provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  endpoints {
    s3  = var.endpoint
    ec2 = var.endpoint
    kms = var.endpoint
    sts = var.endpoint
  }
}

resource "aws_kms_key" "own" {}
resource "aws_kms_alias" "own" {
  name          = "alias/member"
  target_key_id = aws_kms_key.own.id
}
data "aws_kms_key" "by_alias" {
  count  = var.step - 1
  key_id = "alias/member"
}

resource "aws_s3_bucket" "kept" {
  bucket = "member-kept"
  tags   = { data = "personal" }
}
resource "aws_s3_bucket_versioning" "kept" {
  bucket = aws_s3_bucket.kept.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket" "changed" {
  bucket = "member-changed"
  tags   = { step = var.step }
}
resource "aws_s3_bucket" "replaced" { bucket = "member-replaced-${var.step}" }
resource "aws_s3_bucket" "deleted" {
  count  = 2 - var.step
  bucket = "member-deleted"
}
data "aws_s3_bucket" "stranger" {
  count  = var.step - 1
  bucket = "member-abroad" # made by hand in ap-southeast-1
}

resource "aws_s3_bucket_server_side_encryption_configuration" "kept" {
  bucket = aws_s3_bucket.kept.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.own.arn
    }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "changed" {
  bucket = aws_s3_bucket.changed.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.step == 1 ? aws_kms_key.own.arn : data.aws_kms_key.by_alias[0].arn
    }
  }
}
resource "aws_s3_bucket_replication_configuration" "kept" {
  count      = var.step - 1
  depends_on = [aws_s3_bucket_versioning.kept]
  bucket     = aws_s3_bucket.kept.id
  role       = "arn:aws:iam::123456789012:role/replication"
  rule {
    status = "Enabled"
    destination { bucket = data.aws_s3_bucket.stranger[0].arn }
  }
}

resource "aws_ebs_volume" "kept" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_key.own.arn
}
resource "aws_ebs_snapshot" "kept" { volume_id = aws_ebs_volume.kept.id }
resource "aws_ebs_snapshot" "fresh" {
  count     = var.step - 1
  volume_id = aws_ebs_volume.kept.id
}
resource "aws_ebs_volume" "replaced" {
  availability_zone = var.step == 1 ? "ap-northeast-1a" : "ap-northeast-1c"
  size              = 1
}

# Only with step=2: a bucket that was made by hand.
resource "aws_s3_bucket" "imported" {
  count  = var.step - 1
  bucket = "member-imported"
}
import {
  for_each = toset([for i in range(var.step - 1) : i])
  to       = aws_s3_bucket.imported[0]
  id       = "member-imported"
}
