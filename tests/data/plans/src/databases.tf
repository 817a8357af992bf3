# Databases: where an instance stands by its zone, its subnet group or its region; replicas, backups, snapshots, clusters.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "there" { default = "eu-west-1" }
variable "zone" { default = "ap-northeast-1-tpe-1a" }

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
  alias                       = "there"
  region                      = var.there
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

resource "aws_kms_key" "own" {}
resource "aws_kms_key" "sg" { provider = aws.sg }

# --- subnets and their groups
resource "aws_subnet" "tokyo" {
  count             = 2
  vpc_id            = "vpc-11111111"
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = ["ap-northeast-1a", "ap-northeast-1c"][count.index]
}
resource "aws_subnet" "abroad" {
  vpc_id               = "vpc-11111111"
  cidr_block           = "10.0.2.0/24"
  availability_zone_id = "apne1-tpe1-az1"
}
resource "aws_subnet" "other" {
  count      = 2
  vpc_id     = "vpc-11111111"
  cidr_block = "10.0.${count.index + 3}.0/24"
}
resource "aws_subnet" "outpost" {
  vpc_id            = "vpc-11111111"
  cidr_block        = "10.0.5.0/24"
  availability_zone = "ap-northeast-1a"
  outpost_arn       = "arn:aws:outposts:ap-northeast-1:123456789012:outpost/op-1234567890abcdef0"
}
resource "aws_default_subnet" "first" { availability_zone = "ap-northeast-1a" }

resource "aws_db_subnet_group" "tokyo" {
  name       = "members"
  subnet_ids = aws_subnet.tokyo[*].id
}
resource "aws_db_subnet_group" "mixed" {
  name_prefix = "mixed-"
  subnet_ids  = [aws_default_subnet.first.id, aws_subnet.abroad.id]
}
resource "aws_db_subnet_group" "open" { subnet_ids = [aws_subnet.tokyo[0].id, aws_subnet.other[0].id] }
resource "aws_db_subnet_group" "outpost" {
  name       = "outpost"
  subnet_ids = [aws_subnet.outpost.id]
}
resource "aws_db_subnet_group" "sg" {
  provider   = aws.sg
  name       = "members"
  subnet_ids = ["subnet-99999999", "subnet-88888888"]
}

# --- where an instance stands
resource "aws_db_instance" "plain" {
  identifier        = "plain"
  instance_class    = "db.t3.micro"
  engine            = "mysql"
  allocated_storage = 10
}
resource "aws_db_instance" "zoned" {
  instance_class    = "db.t3.micro"
  availability_zone = var.zone
  storage_encrypted = true
}
resource "aws_db_instance" "not_yet" {
  instance_class    = "db.t3.micro"
  availability_zone = aws_subnet.other[0].availability_zone
}
resource "aws_db_instance" "grouped" {
  instance_class       = "db.t3.micro"
  db_subnet_group_name = aws_db_subnet_group.tokyo.name
}
resource "aws_db_instance" "mixed" {
  instance_class       = "db.t3.micro"
  db_subnet_group_name = aws_db_subnet_group.mixed.name
}
resource "aws_db_instance" "open" {
  instance_class       = "db.t3.micro"
  db_subnet_group_name = aws_db_subnet_group.open.name
}
resource "aws_db_instance" "elsewhere" {
  instance_class       = "db.t3.micro"
  db_subnet_group_name = "made-elsewhere"
}
resource "aws_db_instance" "sg" {
  provider             = aws.sg
  instance_class       = "db.t3.micro"
  db_subnet_group_name = aws_db_subnet_group.sg.name
}
resource "aws_db_instance" "chosen" {
  provider       = aws.there
  instance_class = "db.t3.micro"
}
resource "aws_db_instance" "outpost" {
  instance_class       = "db.t3.micro"
  availability_zone    = "ap-northeast-1a"
  db_subnet_group_name = aws_db_subnet_group.outpost.name
  backup_target        = "outposts"
}
resource "aws_db_instance" "pair" {
  instance_class       = "db.t3.micro"
  multi_az             = true
  db_subnet_group_name = "made-elsewhere"
}
resource "aws_db_instance" "grouped_pair" {
  instance_class       = "db.t3.micro"
  multi_az             = true
  db_subnet_group_name = aws_db_subnet_group.tokyo.name
}
resource "aws_db_instance" "perhaps_pair" {
  instance_class = "db.t3.micro"
  multi_az       = aws_subnet.other[0].id == "subnet-1"
}

# --- what an instance is copied to, and from
resource "aws_db_instance" "home" {
  identifier              = "members"
  instance_class          = "db.t3.micro"
  availability_zone       = "ap-northeast-1a"
  db_subnet_group_name    = aws_db_subnet_group.tokyo.name
  storage_encrypted       = true
  kms_key_id              = aws_kms_key.own.arn
  backup_retention_period = 7
  tags                    = { data = "personal" }
}
resource "aws_db_instance" "unkept" {
  instance_class          = "db.t3.micro"
  backup_retention_period = 0
}
resource "aws_db_instance" "replica" {
  identifier          = "members-replica"
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.home.identifier
}
resource "aws_db_instance" "replica_sg" {
  provider            = aws.sg
  identifier          = "members-sg"
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.home.arn
  kms_key_id          = aws_kms_key.sg.arn
}
resource "aws_db_instance" "replica_of_stranger" {
  instance_class      = "db.t3.micro"
  replicate_source_db = "arn:aws:rds:us-east-1:123456789012:db:stranger"
}
resource "aws_db_instance" "restored" {
  provider            = aws.sg
  instance_class      = "db.t3.micro"
  snapshot_identifier = aws_db_snapshot_copy.sg.db_snapshot_arn
}
resource "aws_db_instance" "rewound" {
  instance_class = "db.t3.micro"
  restore_to_point_in_time {
    source_db_instance_identifier = aws_db_instance.home.identifier
    use_latest_restorable_time    = true
  }
}
resource "aws_db_instance_automated_backups_replication" "sg" {
  provider               = aws.sg
  source_db_instance_arn = aws_db_instance.home.arn
  kms_key_id             = aws_kms_key.sg.arn
}
resource "aws_db_instance_automated_backups_replication" "of_stranger" {
  source_db_instance_arn = "arn:aws:rds:us-east-1:123456789012:db:stranger"
}
resource "aws_db_snapshot" "daily" {
  db_instance_identifier = aws_db_instance.home.identifier
  db_snapshot_identifier = "daily"
  shared_accounts        = ["210987654321", "all"]
}
resource "aws_db_snapshot_copy" "sg" {
  provider                      = aws.sg
  source_db_snapshot_identifier = aws_db_snapshot.daily.db_snapshot_arn
  target_db_snapshot_identifier = "daily-sg"
  kms_key_id                    = aws_kms_key.sg.arn
}
resource "aws_db_snapshot_copy" "destination" {
  source_db_snapshot_identifier = "arn:aws:rds:us-east-1:123456789012:snapshot:stranger"
  target_db_snapshot_identifier = "destination"
  destination_region            = var.there
}
resource "aws_db_snapshot_copy" "custom" {
  source_db_snapshot_identifier   = "arn:aws:rds:us-east-1:123456789012:snapshot:stranger"
  target_db_snapshot_identifier   = "custom"
  target_custom_availability_zone = "rds-caz-1234abcd"
  shared_accounts                 = [aws_kms_key.own.key_id]
}

# --- clusters
resource "aws_rds_cluster" "plain" {
  cluster_identifier = "plain"
  engine             = "aurora-mysql"
}
resource "aws_rds_cluster" "home" {
  cluster_identifier = "members-cluster"
  engine             = "aurora-postgresql"
  storage_encrypted  = true
  kms_key_id         = aws_kms_key.own.arn
  tags               = { data = "personal" }
}
resource "aws_rds_cluster" "managed" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
}
resource "aws_rds_cluster" "three" {
  engine                    = "mysql"
  db_cluster_instance_class = "db.r6gd.large"
  allocated_storage         = 100
  iops                      = 1000
}
resource "aws_rds_cluster_instance" "home" {
  identifier         = "members-1"
  cluster_identifier = aws_rds_cluster.home.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_cluster_instance" "zoned" {
  cluster_identifier   = aws_rds_cluster.home.cluster_identifier
  engine               = "aurora-postgresql"
  instance_class       = "db.r6g.large"
  availability_zone    = "ap-northeast-1c"
  db_subnet_group_name = aws_db_subnet_group.tokyo.name
}
resource "aws_rds_cluster_instance" "of_stranger" {
  cluster_identifier = "stranger"
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_global_cluster" "grown" {
  global_cluster_identifier    = "grown"
  source_db_cluster_identifier = aws_rds_cluster.home.arn
  force_destroy                = true
}
resource "aws_rds_cluster" "joined" {
  provider                  = aws.sg
  engine                    = "aurora-postgresql"
  global_cluster_identifier = aws_rds_global_cluster.grown.id
}
resource "aws_rds_global_cluster" "empty" {
  global_cluster_identifier = "empty"
  engine                    = "aurora-postgresql"
}
resource "aws_rds_cluster" "first" {
  engine                    = "aurora-postgresql"
  global_cluster_identifier = aws_rds_global_cluster.empty.global_cluster_identifier
  storage_encrypted         = true
}
resource "aws_rds_cluster" "joins_stranger" {
  engine                    = "aurora-postgresql"
  global_cluster_identifier = "stranger"
}
resource "aws_rds_cluster" "replica" {
  provider                      = aws.sg
  engine                        = "aurora-mysql"
  replication_source_identifier = aws_rds_cluster.home.arn
  kms_key_id                    = aws_kms_key.sg.arn
}
resource "aws_rds_cluster" "restored" {
  engine              = "aurora-postgresql"
  snapshot_identifier = aws_db_cluster_snapshot.daily.id
}
resource "aws_rds_cluster" "rewound" {
  engine = "aurora-postgresql"
  restore_to_point_in_time {
    source_cluster_identifier  = aws_rds_cluster.home.cluster_identifier
    use_latest_restorable_time = true
  }
}
resource "aws_db_cluster_snapshot" "daily" {
  db_cluster_identifier          = aws_rds_cluster.home.id
  db_cluster_snapshot_identifier = "daily-cluster"
  shared_accounts                = ["210987654321"]
}
resource "aws_rds_cluster_snapshot_copy" "sg" {
  provider                              = aws.sg
  source_db_cluster_snapshot_identifier = aws_db_cluster_snapshot.daily.db_cluster_snapshot_arn
  target_db_cluster_snapshot_identifier = "daily-cluster-sg"
  destination_region                    = "ap-southeast-1"
}

# --- what leaves
resource "aws_s3_bucket" "exports" { bucket_prefix = "exports-" }
resource "aws_rds_export_task" "ours" {
  export_task_identifier = "ours"
  source_arn             = aws_db_snapshot.daily.db_snapshot_arn
  s3_bucket_name         = aws_s3_bucket.exports.id
  iam_role_arn           = "arn:aws:iam::123456789012:role/export"
  kms_key_id             = aws_kms_key.own.arn
}
resource "aws_rds_export_task" "partner" {
  export_task_identifier = "partner"
  source_arn             = "arn:aws:rds:ap-northeast-1:123456789012:cluster:stranger"
  s3_bucket_name         = "partner-exports"
  iam_role_arn           = "arn:aws:iam::123456789012:role/export"
  kms_key_id             = aws_kms_key.own.arn
}
resource "aws_rds_integration" "warehouse" {
  integration_name = "warehouse"
  source_arn       = aws_rds_cluster.home.arn
  target_arn       = "arn:aws:redshift-serverless:ap-northeast-1:123456789012:namespace/11111111-2222-3333-4444-555555555555"
}
