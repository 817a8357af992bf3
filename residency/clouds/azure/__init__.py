"""Microsoft Azure: what Azure Resource Manager says."""
