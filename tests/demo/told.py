"""The result of the estate as lines, in the words of the files that were written by hand (tests/data/estate)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).parent.parent / "data" / "estate"
VERDICTS = {"permitted": "in", "prohibited": "out", "undetermined": "?"}


def written(name: str) -> list[str]:
    """The lines of a file, without remarks and with one space between words."""
    lines = (WRITTEN / f"{name}.txt").read_text("utf-8").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")]


def label(store: dict[str, Any]) -> str:
    """What a store is called here: the emulator draws many ids by lot."""
    parts, kind = store["id"].split(":"), store["kind"].removeprefix("aws.")
    name = (store["tags"] or {}).get("Name") or store["name"]
    if kind in ("kms.key", "ebs.image"):
        name = {"kms.key": f"of-{store['account']}", "ebs.image": "crm-golden"}[kind]
    return " ".join(word for word in (kind, name, "" if kind == "s3.bucket" else parts[3]) if word)


def store_line(store: dict[str, Any]) -> str:
    copies = "; ".join(sorted(_copy(copy) for copy in store["copies"]))
    return f"{label(store)} | {store['data_class']} {store['verdict']} | {copies}"


def _copy(copy: dict[str, Any]) -> str:
    control = copy["control"]
    grade = "" if control is None else "unread" if control["grade"] is None else str(control["grade"])
    words = [
        copy["role"],
        (copy["place"] or "-").partition(":")[2] or "-",
        " ".join(copy["countries"]) or "-",
        VERDICTS[copy["verdict"]],
        "former" if copy["former"] else "",
        grade,
    ]
    return " ".join(word for word in words if word)


def finding_line(finding: dict[str, Any], labels: dict[str, str]) -> str:
    """Severity and status, rule, about whom, which copy, and what covers it."""
    subject = finding["subject"]
    about = labels.get(subject["id"], subject["id"])
    where = [subject["role"] or "", (subject["place"] or "").partition(":")[2], subject["detail"] or ""]
    by = [f"({finding['excepted_by']})"] if finding["excepted_by"] else []
    words = [finding["status"], finding["severity"], finding["rule"], "|", about, "|", *where, *by]
    return " ".join(word for word in words if word)
