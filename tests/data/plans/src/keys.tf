# Keys: replicas in other regions, aliases, key stores; and what is encrypted with them.
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
provider "aws" {
  alias                       = "chosen"
  region                      = var.region
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

variable "region" { default = "us-east-1" }
variable "elsewhere" { default = "arn:aws:kms:eu-west-2:123456789012:key/mrk-11111111222233334444555555555555" }

resource "aws_kms_key" "own" { multi_region = true }
resource "aws_kms_key" "single" {}
resource "aws_kms_key" "outside" {
  custom_key_store_id = aws_kms_custom_key_store.outside.id
  xks_key_id          = "bb8562717f809024"
}
resource "aws_kms_external_key" "imported" { multi_region = true }

resource "aws_kms_replica_key" "sg" {
  provider        = aws.sg
  primary_key_arn = aws_kms_key.own.arn
}
resource "aws_kms_replica_key" "chosen" {
  provider        = aws.chosen
  primary_key_arn = aws_kms_key.own.arn
}
resource "aws_kms_replica_key" "of_elsewhere" { primary_key_arn = var.elsewhere }
resource "aws_kms_replica_external_key" "sg" {
  provider        = aws.sg
  primary_key_arn = aws_kms_external_key.imported.arn
}

resource "aws_kms_alias" "own" {
  name          = "alias/member"
  target_key_id = aws_kms_key.own.key_id
}
resource "aws_kms_alias" "prefixed" {
  name_prefix   = "alias/member-"
  target_key_id = aws_kms_replica_key.of_elsewhere.arn
}
resource "aws_kms_alias" "sg" {
  provider      = aws.sg
  name          = "alias/abroad"
  target_key_id = aws_kms_replica_key.sg.key_id
}
resource "aws_kms_alias" "of_stranger" {
  name          = "alias/stranger"
  target_key_id = "22222222-2222-3333-4444-555555555555"
}

resource "aws_kms_custom_key_store" "hsm" {
  custom_key_store_name    = "hsm"
  cloud_hsm_cluster_id     = "cluster-abcdefghijk"
  key_store_password       = "notasecret"
  trust_anchor_certificate = "none"
}
resource "aws_kms_custom_key_store" "chosen" {
  provider                 = aws.chosen
  custom_key_store_name    = "chosen"
  cloud_hsm_cluster_id     = "cluster-abcdefghijk"
  key_store_password       = "notasecret"
  trust_anchor_certificate = "none"
}
resource "aws_kms_custom_key_store" "outside" {
  custom_key_store_name  = "outside"
  custom_key_store_type  = "EXTERNAL_KEY_STORE"
  xks_proxy_connectivity = "PUBLIC_ENDPOINT"
  xks_proxy_uri_endpoint = "https://xks.example.com"
  xks_proxy_uri_path     = "/kms/xks/v1"
  xks_proxy_authentication_credential {
    access_key_id         = "ABCDEFGHIJKLMNOPQRST"
    raw_secret_access_key = "0123456789012345678901234567890123456789012="
  }
}

resource "aws_ebs_volume" "by_own" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_key.own.arn
}
resource "aws_ebs_volume" "by_replica" {
  provider          = aws.sg
  availability_zone = "ap-southeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_replica_key.sg.arn
}
resource "aws_ebs_volume" "by_replica_of_elsewhere" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_replica_key.of_elsewhere.arn
}
resource "aws_ebs_volume" "by_imported" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_external_key.imported.arn
}
resource "aws_ebs_volume" "by_alias" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_alias.own.arn
}
resource "aws_ebs_volume" "by_alias_of_stranger" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_alias.of_stranger.arn
}
resource "aws_ebs_volume" "by_single" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_key.single.arn
}
resource "aws_ebs_volume" "by_outside" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_key.outside.arn
}
resource "aws_s3_bucket" "by_alias_name" { bucket = "member-by-alias" }
resource "aws_s3_bucket_server_side_encryption_configuration" "by_alias_name" {
  bucket = aws_s3_bucket.by_alias_name.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_alias.own.name
    }
  }
}
resource "aws_s3_bucket" "by_alias_of_another_region" { bucket = "member-by-alias-abroad" }
resource "aws_s3_bucket_server_side_encryption_configuration" "by_alias_of_another_region" {
  bucket = aws_s3_bucket.by_alias_of_another_region.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_alias.sg.name
    }
  }
}
