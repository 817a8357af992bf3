# EFS, Secrets Manager, SQS: what is replicated, by block and by companion, and where undelivered messages go.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

variable "dr" {
  default = "ap-southeast-1"
}

variable "attempts" {
  default = 5
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
  alias                       = "dr"
  region                      = var.dr
  access_key                  = "mock"
  secret_key                  = "mock"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

resource "aws_kms_key" "home" {}

resource "aws_kms_key" "dr" {
  provider = aws.dr
}

# --- file systems -----------------------------------------------------------------------------

resource "aws_efs_file_system" "plain" {}

resource "aws_efs_file_system" "members" {
  creation_token = "members"
  encrypted      = true
  kms_key_id     = aws_kms_key.home.arn
  tags           = { data = "personal" }
}

resource "aws_efs_replication_configuration" "members" {
  source_file_system_id = aws_efs_file_system.members.id
  destination {
    region     = var.dr
    kms_key_id = aws_kms_key.dr.arn
  }
}

resource "aws_efs_file_system" "one_zone" {
  availability_zone_name = "ap-northeast-1c"
  encrypted              = true
}

# Without a key the new file system takes the one that AWS manages.
resource "aws_efs_replication_configuration" "one_zone" {
  source_file_system_id = aws_efs_file_system.one_zone.id
  destination {
    availability_zone_name = "us-west-2b"
  }
}

resource "aws_efs_file_system" "to_existing" {}

resource "aws_efs_file_system" "existing" {
  provider = aws.dr
  protection {
    replication_overwrite = "DISABLED"
  }
}

resource "aws_efs_replication_configuration" "to_existing" {
  source_file_system_id = aws_efs_file_system.to_existing.id
  destination {
    file_system_id = aws_efs_file_system.existing.id
    region         = var.dr
  }
}

resource "aws_efs_file_system" "to_partner" {}

resource "aws_efs_replication_configuration" "to_partner" {
  source_file_system_id = aws_efs_file_system.to_partner.id
  destination {
    file_system_id = "arn:aws:elasticfilesystem:eu-west-2:210987654321:file-system/fs-0123456789abcdef0"
    region         = "eu-west-2"
  }
}

resource "aws_efs_file_system" "late" {}

resource "aws_efs_replication_configuration" "late" {
  source_file_system_id = aws_efs_file_system.late.id
  destination {
    region = aws_efs_file_system.plain.performance_mode == "maxIO" ? "ap-northeast-3" : "eu-west-2"
  }
}

# Of a file system that this plan does not make.
resource "aws_efs_replication_configuration" "elsewhere" {
  source_file_system_id = "fs-0aaaaaaaaaaaaaaaa"
  destination {
    region = "eu-west-2"
  }
}

# --- secrets ----------------------------------------------------------------------------------

resource "aws_secretsmanager_secret" "plain" {
  name = "plain"
}

resource "aws_secretsmanager_secret_version" "plain" {
  secret_id     = aws_secretsmanager_secret.plain.id
  secret_string = "not a secret"
}

resource "aws_secretsmanager_secret" "replicated" {
  name       = "replicated"
  kms_key_id = aws_kms_key.home.arn
  replica {
    region     = var.dr
    kms_key_id = aws_kms_key.dr.arn
  }
  replica {
    region = "eu-west-2"
  }
  tags = { data = "personal" }
}

resource "aws_secretsmanager_secret" "abroad" {
  provider   = aws.dr
  name       = "abroad"
  kms_key_id = "alias/aws/secretsmanager"
}

resource "aws_secretsmanager_secret" "dynamic" {
  name = "dynamic"
  dynamic "replica" {
    for_each = toset(["ap-northeast-3"])
    content {
      region = replica.value
    }
  }
}

resource "aws_secretsmanager_secret" "late" {
  name = "late"
  replica {
    region = timestamp() == "" ? "ap-northeast-3" : "eu-west-2"
  }
}

# Of secrets that this plan does not make.
resource "aws_secretsmanager_secret_version" "elsewhere" {
  secret_id     = "arn:aws:secretsmanager:us-east-1:123456789012:secret:elsewhere-a1b2c3"
  secret_string = "not a secret"
}

resource "aws_secretsmanager_secret_version" "by_name" {
  secret_id     = "named"
  secret_string = "not a secret"
}

# --- queues -----------------------------------------------------------------------------------

resource "aws_sqs_queue" "plain" {
  name = "plain"
}

resource "aws_sqs_queue" "undelivered" {
  name                    = "undelivered"
  sqs_managed_sse_enabled = false
}

resource "aws_sqs_queue" "orders" {
  name              = "orders"
  kms_master_key_id = aws_kms_key.home.arn
  redrive_policy    = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered.arn, maxReceiveCount = 3 })
  tags              = { data = "personal" }
}

resource "aws_sqs_queue" "several" {
  name                    = "several"
  sqs_managed_sse_enabled = true
  redrive_policy          = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered.arn, maxReceiveCount = var.attempts })
}

resource "aws_sqs_queue" "literal" {
  name              = "literal"
  kms_master_key_id = "alias/aws/sqs"
  redrive_policy    = jsonencode({ deadLetterTargetArn = "arn:aws:sqs:ap-northeast-1:123456789012:by-hand", maxReceiveCount = 3 })
}

resource "aws_sqs_queue" "abroad" {
  provider    = aws.dr
  name_prefix = "abroad-"
}

resource "aws_sqs_queue_redrive_policy" "abroad" {
  provider       = aws.dr
  queue_url      = aws_sqs_queue.abroad.id
  redrive_policy = jsonencode({ deadLetterTargetArn = "arn:aws:sqs:ap-southeast-1:123456789012:by-hand", maxReceiveCount = 3 })
}

# Of a queue that this plan does not make.
resource "aws_sqs_queue_redrive_policy" "elsewhere" {
  queue_url      = "https://sqs.ap-northeast-1.amazonaws.com/123456789012/elsewhere"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered.arn, maxReceiveCount = 3 })
}
