"""Which data a store holds."""
