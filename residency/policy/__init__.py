"""What was promised, what data are, who was asked: the typed configuration."""
