# Backup vaults, plans that copy to other regions and accounts, and what they select.
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
variable "role" { default = "arn:aws:iam::123456789012:role/backup" }

resource "aws_kms_key" "own" {}
resource "aws_backup_vault" "here" {
  name        = "members"
  kms_key_arn = aws_kms_key.own.arn
  tags        = { data = "personal" }
}
resource "aws_backup_vault" "sg" {
  provider = aws.sg
  name     = "members-dr"
}
resource "aws_backup_vault" "chosen" {
  provider = aws.chosen
  name     = "members-chosen"
}
resource "aws_backup_logically_air_gapped_vault" "locked" {
  name               = "members-locked"
  min_retention_days = 7
  max_retention_days = 35
}

resource "aws_dynamodb_table" "members" {
  name         = "members"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = { data = "personal" }
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_ebs_volume" "members" {
  availability_zone = "ap-northeast-1a"
  size              = 1
}

resource "aws_backup_plan" "of_members" {
  name = "members"
  tags = { data = "personal" }
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here.name
    schedule          = "cron(0 12 * * ? *)"
    copy_action { destination_vault_arn = aws_backup_vault.sg.arn }
  }
  rule {
    rule_name         = "weekly"
    target_vault_name = aws_backup_vault.here.id
    schedule          = "cron(0 12 ? * 1 *)"
    copy_action { destination_vault_arn = "arn:aws:backup:eu-west-2:210987654321:backup-vault:partner" }
  }
  rule {
    rule_name         = "monthly"
    target_vault_name = aws_backup_vault.here.id
    schedule          = "cron(0 12 1 * ? *)"
    copy_action { destination_vault_arn = aws_backup_logically_air_gapped_vault.locked.arn }
  }
}
resource "aws_backup_plan" "mixed" {
  name = "mixed"
  rule {
    rule_name         = "daily"
    target_vault_name = "Default"
    schedule          = "cron(0 12 * * ? *)"
    copy_action { destination_vault_arn = aws_backup_vault.sg.arn }
    copy_action { destination_vault_arn = "arn:aws:backup:us-west-2:123456789012:backup-vault:far" }
  }
}
resource "aws_backup_plan" "default" {
  name = "default"
  rule {
    rule_name         = "daily"
    target_vault_name = "Default"
    schedule          = "cron(0 12 * * ? *)"
    copy_action { destination_vault_arn = aws_backup_vault.chosen.arn }
  }
}
resource "aws_backup_plan" "sg" {
  provider = aws.sg
  name     = "sg"
  rule {
    rule_name         = "daily"
    target_vault_name = "Default"
    schedule          = "cron(0 12 * * ? *)"
  }
}

resource "aws_backup_selection" "table" {
  iam_role_arn = var.role
  name         = "table"
  plan_id      = aws_backup_plan.of_members.id
  resources    = [aws_dynamodb_table.members.arn]
}
resource "aws_backup_selection" "others" {
  iam_role_arn = var.role
  name         = "others"
  plan_id      = aws_backup_plan.of_members.id
  resources    = [aws_ebs_volume.members.arn, "arn:aws:s3:::members-uploads", "arn:aws:rds:*:*:db:*"]
}
resource "aws_backup_selection" "known" {
  iam_role_arn = var.role
  name         = "known"
  plan_id      = aws_backup_plan.default.id
  resources    = ["arn:aws:elasticfilesystem:ap-northeast-1:123456789012:file-system/fs-11111111", "arn:aws:ec2:*:*:volume/*"]
}
resource "aws_backup_selection" "tagged" {
  iam_role_arn = var.role
  name         = "tagged"
  plan_id      = aws_backup_plan.default.id
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "backup"
    value = "yes"
  }
}
resource "aws_backup_selection" "of_stranger" {
  iam_role_arn = var.role
  name         = "stranger"
  plan_id      = "11111111-2222-3333-4444-555555555555"
  resources    = [aws_dynamodb_table.members.arn]
}
