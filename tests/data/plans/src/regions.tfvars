chosen = "eu-west-1"
