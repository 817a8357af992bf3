"""Errors of ours that several uses share."""


class InputError(Exception):
    """What was given cannot be used: exit code 2. The message says what to do."""


# What only an extra of pyproject.toml installs, by the name that is imported.
_EXTRAS = {"hcl2": "iac", "moto": "demo"}


def what_to_install(error: ModuleNotFoundError) -> str | None:
    """What to do about a package that is not installed; None where the module is our own: then it is a defect."""
    package = (error.name or "").partition(".")[0]
    if package in ("", "residency"):
        return None
    extra = f"[{_EXTRAS[package]}]" if package in _EXTRAS else ""
    return f"{package} is not installed: pip install 'residency{extra}'"
