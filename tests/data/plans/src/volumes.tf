# Volumes, snapshots and images: zones, encryption, copies, shares.
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

variable "zone" { default = "ap-northeast-1-tpe-1a" }

resource "aws_kms_key" "own" {}
resource "aws_ebs_volume" "plain" {
  availability_zone = "ap-northeast-1a"
  size              = 1
  tags              = { data = "personal" }
}
resource "aws_ebs_volume" "abroad" {
  availability_zone = var.zone
  size              = 1
  encrypted         = true
  kms_key_id        = aws_kms_key.own.arn
}
resource "aws_ebs_volume" "managed" {
  availability_zone = "ap-northeast-1c"
  size              = 1
  encrypted         = true
}
resource "aws_subnet" "made" {
  vpc_id     = "vpc-11111111"
  cidr_block = "10.0.0.0/24"
}
resource "aws_ebs_volume" "somewhere" {
  availability_zone = aws_subnet.made.availability_zone
  size              = 1
}
resource "aws_ebs_volume" "outpost" {
  availability_zone = "ap-northeast-1a"
  outpost_arn       = "arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-1234567890abcdef0"
  size              = 1
}

resource "aws_ebs_snapshot" "of_volume" { volume_id = aws_ebs_volume.abroad.id }
resource "aws_ebs_snapshot" "of_stranger" { volume_id = "vol-22222222" }
resource "aws_ebs_snapshot_copy" "sg" {
  provider           = aws.sg
  source_snapshot_id = aws_ebs_snapshot.of_volume.id
  source_region      = "ap-northeast-1"
  encrypted          = true
}
resource "aws_ebs_snapshot_copy" "of_stranger" {
  source_snapshot_id = "snap-33333333"
  source_region      = "us-east-1"
}
resource "aws_snapshot_create_volume_permission" "first" {
  snapshot_id = aws_ebs_snapshot.of_volume.id
  account_id  = "210987654321"
}
resource "aws_snapshot_create_volume_permission" "second" {
  snapshot_id = aws_ebs_snapshot.of_volume.id
  account_id  = "333333333333"
}
resource "aws_ami" "made" {
  name             = "member"
  root_device_name = "/dev/xvda"
  ebs_block_device {
    device_name = "/dev/xvda"
    snapshot_id = aws_ebs_snapshot.of_volume.id
  }
}
resource "aws_ami_copy" "sg" {
  provider          = aws.sg
  name              = "member-copy"
  source_ami_id     = aws_ami.made.id
  source_ami_region = "ap-northeast-1"
}
resource "aws_ami_copy" "outpost" {
  name                    = "member-outpost"
  source_ami_id           = "ami-55555555"
  source_ami_region       = "us-east-1"
  destination_outpost_arn = "arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-1234567890abcdef0"
}
resource "aws_ami_launch_permission" "everyone" {
  image_id = aws_ami.made.id
  group    = "all"
}
resource "aws_ami_launch_permission" "account" {
  image_id   = aws_ami.made.id
  account_id = "210987654321"
}
resource "aws_ami_launch_permission" "organization" {
  image_id         = aws_ami_copy.sg.id
  organization_arn = "arn:aws:organizations::123456789012:organization/o-1234567890"
}

resource "aws_ami_launch_permission" "of_stranger" {
  image_id   = "ami-66666666"
  account_id = "210987654321"
}

resource "aws_s3_directory_bucket" "zonal" {
  bucket = "member--apne1-az4--x-s3"
  location { name = "apne1-az4" }
}
resource "aws_s3_directory_bucket" "abroad" {
  bucket          = "member--apne1-tpe1-az1--x-s3"
  data_redundancy = "SingleLocalZone"
  location {
    name = "apne1-tpe1-az1"
    type = "LocalZone"
  }
}
