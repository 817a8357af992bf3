# DynamoDB: global tables of both versions, replicas by companions, keys, exports.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

variable "dr" {
  default = "ap-southeast-1"
}

provider "aws" {
  region                      = "ap-northeast-1"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

provider "aws" {
  alias                       = "osaka"
  region                      = "ap-northeast-3"
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

resource "aws_kms_key" "tables" {}

resource "aws_dynamodb_table" "plain" {
  name         = "plain"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table" "members" {
  name             = "members"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "id"
    type = "S"
  }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.tables.arn
  }
  replica {
    region_name = var.dr
  }
  replica {
    region_name = "ap-northeast-3"
  }
  tags = { data-classification = "confidential-pii" }
}

resource "aws_dynamodb_table" "managed" {
  name         = "managed"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
  server_side_encryption {
    enabled = true
  }
}

resource "aws_dynamodb_table" "orders" {
  name             = "orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "id"
    type = "S"
  }
  lifecycle {
    ignore_changes = [replica]
  }
}

resource "aws_dynamodb_table_replica" "osaka" {
  provider         = aws.osaka
  global_table_arn = aws_dynamodb_table.orders.arn
}

# The table is made elsewhere: its name says where.
resource "aws_dynamodb_table_replica" "of_elsewhere" {
  provider         = aws.osaka
  global_table_arn = "arn:aws:dynamodb:us-east-1:123456789012:table/elsewhere"
}

resource "aws_dynamodb_table" "old" {
  name             = "old"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_global_table" "old" {
  name = "old"
  replica {
    region_name = "ap-northeast-1"
  }
  replica {
    region_name = "us-east-1"
  }
}

resource "aws_s3_bucket" "exports" {}

resource "aws_dynamodb_table_export" "here" {
  table_arn = aws_dynamodb_table.members.arn
  s3_bucket = aws_s3_bucket.exports.id
}

resource "aws_dynamodb_table_export" "partner" {
  table_arn       = aws_dynamodb_table.members.arn
  s3_bucket       = "partner-exports"
  s3_bucket_owner = "210987654321"
}
