# Repositories of container images, and the replication of their registries.
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
data "aws_caller_identity" "later" { depends_on = [aws_kms_key.own] }

resource "aws_kms_key" "own" {}
resource "aws_ecr_repository" "plain" {
  name = "members/api"
  tags = { data = "none" }
}
resource "aws_ecr_repository" "encrypted" {
  name = "members/batch"
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.own.arn
  }
}
resource "aws_ecr_repository" "managed" {
  provider = aws.sg
  name     = "members/api"
  encryption_configuration { encryption_type = "KMS" }
}
resource "aws_ecr_repository" "chosen" {
  provider = aws.chosen
  name     = "members/api"
}

resource "aws_ecr_replication_configuration" "here" {
  replication_configuration {
    rule {
      destination {
        region      = "ap-southeast-1"
        registry_id = "123456789012"
      }
      destination {
        region      = var.region
        registry_id = "210987654321"
      }
      repository_filter {
        filter      = "members/"
        filter_type = "PREFIX_MATCH"
      }
    }
    rule {
      destination {
        region      = "eu-west-2"
        registry_id = data.aws_caller_identity.later.account_id
      }
    }
  }
}
resource "aws_ecr_replication_configuration" "chosen" {
  provider = aws.chosen
  replication_configuration {
    rule {
      destination {
        region      = "ap-northeast-1"
        registry_id = "123456789012"
      }
    }
  }
}
