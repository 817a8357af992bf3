"""Finds the configuration that is shipped with the program."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped_config() -> Path:
    """The shipped `config/`: inside the package in a wheel, beside it in a checkout.

    Raises FileNotFoundError when the installation holds neither; nothing can be judged then.
    """
    for folder in (_PACKAGE / "config", _PACKAGE.parent / "config"):
        if (folder / "operators.yaml").is_file():
            return folder
    raise FileNotFoundError(f"the shipped config is missing beside {_PACKAGE}: install the package again")
