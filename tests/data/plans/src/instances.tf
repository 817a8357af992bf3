# Kinds without a service file, and instances of one block that refer to each other.
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

resource "aws_kinesis_stream" "home" {
  name        = "members"
  shard_count = 1
}
resource "aws_kinesis_stream" "sg" {
  provider    = aws.sg
  name        = "members"
  shard_count = 1
}
resource "aws_iam_role" "nothing" {
  name               = "nothing"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_subnet" "zone" {
  count             = 2
  vpc_id            = "vpc-11111111"
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = ["ap-northeast-1a", "ap-northeast-1-tpe-1a"][count.index]
}
resource "aws_instance" "named" {
  ami               = "ami-11111111"
  instance_type     = "t3.micro"
  availability_zone = "ap-northeast-1c"
}
resource "aws_instance" "by_subnet" {
  ami           = "ami-11111111"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.zone[1].id
}
resource "aws_instance" "same_index" {
  count         = 2
  ami           = "ami-11111111"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.zone[count.index].id
}
resource "aws_instance" "other_index" {
  count         = 2
  ami           = "ami-11111111"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.zone[1 - count.index].id
}
resource "aws_instance" "fixed_index" {
  count         = 1
  ami           = "ami-11111111"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.zone[1].id
}
resource "aws_instance" "stranger" {
  ami           = "ami-11111111"
  instance_type = "t3.micro"
  subnet_id     = "subnet-99999999"
}
resource "aws_network_interface" "there" { subnet_id = aws_subnet.zone[1].id }
resource "aws_instance" "by_interface" {
  ami           = "ami-11111111"
  instance_type = "t3.micro"
  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.there.id
  }
}
resource "aws_instance" "by_nothing" {
  ami           = "ami-11111111"
  instance_type = "t3.micro"
}

resource "aws_s3_bucket" "ring" {
  count         = 2
  bucket_prefix = "ring-${count.index}-"
}
resource "aws_s3_bucket_replication_configuration" "ring" {
  count  = 2
  bucket = aws_s3_bucket.ring[count.index].id
  role   = "arn:aws:iam::123456789012:role/replication"
  rule {
    status = "Enabled"
    destination { bucket = aws_s3_bucket.ring[1 - count.index].arn }
  }
}
resource "aws_s3_bucket" "keyed" {
  for_each      = toset(["a", "b"])
  bucket_prefix = "keyed-${each.key}-"
}
resource "aws_s3_bucket_replication_configuration" "fixed" {
  bucket = aws_s3_bucket.keyed["a"].id
  role   = "arn:aws:iam::123456789012:role/replication"
  rule {
    status = "Enabled"
    destination { bucket = aws_s3_bucket.keyed["b"].arn }
  }
}
resource "aws_ebs_volume" "disk" {
  count             = 2
  availability_zone = ["ap-northeast-1a", "ap-northeast-1-tpe-1a"][count.index]
  size              = 1
}
resource "aws_ebs_snapshot" "second" {
  count     = 1
  volume_id = aws_ebs_volume.disk[1].id
}
