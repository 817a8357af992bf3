# Where a region comes from: a constant, a variable (default, tfvars, no value), a local, a data source, a module.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "home" { default = "ap-northeast-1" }
variable "chosen" { default = "us-east-1" } # regions.tfvars says otherwise
variable "hidden" {
  ephemeral = true
  default   = "ap-northeast-1" # given on the command line as something else, and not in the plan
}
variable "places" { default = { dr = "ap-northeast-3", list = ["eu-west-1"] } }

locals { computed = "eu-central-1" }

provider "aws" {
  region                      = var.home
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  default_tags { tags = { team = "member" } }
}
provider "aws" {
  alias                       = "chosen"
  region                      = var.chosen
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "hidden"
  region                      = var.hidden
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "local"
  region                      = local.computed
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "data"
  region                      = data.aws_region.chosen.name
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "object"
  region                      = var.places.dr
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "output"
  region                      = module.pair.region
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
provider "aws" {
  alias                       = "silent"
  access_key                  = "x"
  secret_key                  = "y"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

data "aws_region" "chosen" { provider = aws.chosen }

resource "aws_s3_bucket" "home" {
  bucket = "member-home"
  tags   = { data = "personal" }
}
resource "aws_s3_bucket" "chosen" {
  provider = aws.chosen
  bucket   = "member-chosen"
}
resource "aws_s3_bucket" "hidden" {
  provider = aws.hidden
  bucket   = "member-hidden"
}
resource "aws_s3_bucket" "local" {
  provider = aws.local
  bucket   = "member-local"
}
resource "aws_s3_bucket" "data" {
  provider = aws.data
  bucket   = "member-data"
}
resource "aws_s3_bucket" "object" {
  provider = aws.object
  bucket   = "member-object"
}
resource "aws_s3_bucket" "output" {
  provider = aws.output
  bucket   = "member-output"
}
resource "aws_s3_bucket" "silent" {
  provider      = aws.silent
  bucket_prefix = "member-silent-"
}

module "pair" {
  source    = "./modules/pair"
  providers = { aws = aws, aws.there = aws.chosen }
  name      = "pair"
}
module "many" {
  source    = "./modules/pair"
  for_each  = toset(["a.b", "c"])
  providers = { aws = aws.chosen, aws.there = aws }
  name      = each.key
}
