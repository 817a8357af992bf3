# Replication of buckets, as companions and in the old block, and what protects the copies.
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

locals { role = "arn:aws:iam::123456789012:role/replication" }

resource "aws_kms_key" "home" {}
resource "aws_kms_key" "there" { provider = aws.sg }

resource "aws_s3_bucket" "there" {
  provider      = aws.sg
  bucket_prefix = "member-there-"
}
resource "aws_s3_bucket" "named" {
  provider = aws.sg
  bucket   = "member-named"
}

# --- one bucket for each way of naming a destination
resource "aws_s3_bucket" "reference" {
  bucket = "member-reference"
  tags   = { data = "personal" }
}
resource "aws_s3_bucket_replication_configuration" "reference" {
  bucket = aws_s3_bucket.reference.id
  role   = local.role
  rule {
    status = "Enabled"
    destination {
      bucket = aws_s3_bucket.there.arn
      encryption_configuration { replica_kms_key_id = aws_kms_key.there.arn }
    }
  }
}

resource "aws_s3_bucket" "literal" { bucket = "member-literal" }
resource "aws_s3_bucket_replication_configuration" "literal" {
  bucket = "member-literal"
  role   = local.role
  rule {
    status = "Enabled"
    destination {
      bucket  = "arn:aws:s3:::foreign-bucket"
      account = "210987654321"
      access_control_translation { owner = "Destination" }
    }
  }
}

resource "aws_s3_bucket" "disabled" { bucket = "member-disabled" }
resource "aws_s3_bucket_replication_configuration" "disabled" {
  bucket = aws_s3_bucket.disabled.bucket
  role   = local.role
  rule {
    status = "Disabled"
    destination { bucket = "arn:aws:s3:::${aws_s3_bucket.named.bucket}" }
  }
}

resource "aws_s3_bucket" "two" { bucket_prefix = "member-two-" }
resource "aws_s3_bucket_replication_configuration" "two" {
  bucket = aws_s3_bucket.two.id
  role   = local.role
  rule {
    id       = "first"
    priority = 1
    status   = "Enabled"
    filter {}
    delete_marker_replication { status = "Disabled" }
    destination { bucket = aws_s3_bucket.there.arn }
  }
  rule {
    id       = "second"
    priority = 2
    status   = "Disabled"
    filter {}
    delete_marker_replication { status = "Disabled" }
    destination { bucket = aws_s3_bucket.literal.arn }
  }
}

# --- what cannot be told
resource "aws_s3_bucket" "unknown" { bucket = "member-unknown" }
resource "aws_s3_bucket_replication_configuration" "unknown" {
  bucket = aws_s3_bucket.unknown.id
  role   = local.role
  rule {
    status = "Enabled"
    destination { bucket = timestamp() == "" ? aws_s3_bucket.there.arn : aws_s3_bucket.named.arn }
  }
}
resource "aws_s3_bucket" "dynamic" { bucket = "member-dynamic" }
resource "aws_s3_bucket_replication_configuration" "dynamic" {
  bucket = aws_s3_bucket.dynamic.id
  role   = local.role
  dynamic "rule" {
    for_each = { a = aws_s3_bucket.there.arn }
    content {
      status = "Enabled"
      destination { bucket = rule.value }
    }
  }
}
resource "aws_s3_bucket" "late" { bucket = "member-late" }
resource "aws_s3_bucket_replication_configuration" "late" {
  bucket = aws_s3_bucket.late.id
  role   = local.role
  dynamic "rule" {
    for_each = toset([aws_s3_bucket.there.arn])
    content {
      status = "Enabled"
      destination { bucket = rule.value }
    }
  }
}

# --- of a bucket that this plan does not make
resource "aws_s3_bucket_replication_configuration" "elsewhere" {
  bucket = "made-elsewhere"
  role   = local.role
  rule {
    status = "Enabled"
    destination { bucket = aws_s3_bucket.there.arn }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "elsewhere" {
  bucket = "made-elsewhere"
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

# --- the block inside the bucket, as it was written before provider 4
resource "aws_s3_bucket" "block" {
  bucket = "member-block"
  replication_configuration {
    role = local.role
    rules {
      id     = "on"
      status = "Enabled"
      destination { bucket = aws_s3_bucket.there.arn }
    }
    rules {
      id     = "off"
      status = "Disabled"
      destination { bucket = aws_s3_bucket.literal.arn }
    }
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = aws_kms_key.home.arn
      }
    }
  }
}
resource "aws_s3_bucket" "dynamic_block" {
  bucket = "member-dynamic-block"
  dynamic "replication_configuration" {
    for_each = [aws_s3_bucket.there.arn]
    content {
      role = local.role
      rules {
        id     = "on"
        status = "Enabled"
        destination { bucket = replication_configuration.value }
      }
    }
  }
}
resource "aws_s3_bucket" "late_block" {
  bucket = "member-late-block"
  dynamic "replication_configuration" {
    for_each = toset([aws_s3_bucket.there.arn])
    content {
      role = local.role
      rules {
        id     = "on"
        status = "Enabled"
        destination { bucket = replication_configuration.value }
      }
    }
  }
}
