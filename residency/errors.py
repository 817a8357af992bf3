"""Errors of ours that several uses share."""


class InputError(Exception):
    """What was given cannot be used: exit code 2. The message says what to do."""
