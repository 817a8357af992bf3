# Two buckets behind two providers that the caller passes in, one the replica of the other.
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.there]
    }
  }
}

variable "name" {}

resource "aws_s3_bucket" "here" { bucket_prefix = "${var.name}-" }
resource "aws_s3_bucket" "there" {
  provider = aws.there
  bucket   = "${var.name}-there"
}
resource "aws_s3_bucket_replication_configuration" "this" {
  bucket = aws_s3_bucket.here.id
  role   = "arn:aws:iam::123456789012:role/replication"
  rule {
    status = "Enabled"
    destination { bucket = aws_s3_bucket.there.arn }
  }
}

output "region" { value = "ap-northeast-3" }
output "there" { value = aws_s3_bucket.there.arn }
output "here" { value = aws_s3_bucket.here.arn }
