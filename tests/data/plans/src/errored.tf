# Planning ends with an error: the provider could not ask AWS for a snapshot that it wanted to share.
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

resource "aws_s3_bucket" "seen" { bucket = "member-seen" }
resource "aws_snapshot_create_volume_permission" "of_stranger" {
  snapshot_id = "snap-44444444"
  account_id  = "210987654321"
}
