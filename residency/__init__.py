"""Where personal data really stands, and who could read it there."""

__version__ = "0.1.0"
