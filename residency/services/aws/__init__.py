"""Amazon Web Services, one file per service."""
