"""Unclassified stores and suggestions as text, JSON and YAML. No class is ever written: `?` is none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from residency.classifying.again import Group, Suggestion, Suggestions, Unclassified
from residency.model import Finding
from residency.personal.suggest import TAG_KEY, VALUE, Candidate
from residency.reports.columns import ljust, width
from residency.reports.text import WIDTH, printable, wrapped
from residency.rules.base import Texts

UNDECIDED = "?"  # the reader of classification.yaml refuses it
INDENT = "    "
_CHANGE_WIDTH = 40

# Why a group has no class, and what would give it one.
WHY = {
    "nothing": Texts("nothing says what they hold", "内容を示すものがない"),
    "tags": Texts("their tags could not be read", "タグを読み取れない"),
    "value": Texts("no value explains the tag {said}", "タグ {said} の値に説明がない"),
    "rule": Texts("{said}: it says unknown", "{said}: 不明とされている"),
    "copy": Texts("they are copies of stores that nobody classified", "未分類の保存先の複製である"),
}
FIX = {
    "nothing": Texts(
        "tag them ({keys}), or add a rule to classification.yaml",
        "タグ({keys})を付けるか、classification.yaml に規則を加える",
    ),
    "tags": Texts(
        "let the scan read their tags; until then only a class that is judged as personal counts",
        "タグを読む権限を与える。それまでは個人データに当たる分類だけが効く",
    ),
    "value": Texts(
        "say under `values` of classification.yaml what it means", "classification.yaml の `values` に意味を記す"
    ),
    "rule": Texts("decide, and change that rule", "判断し、その規則を改める"),
    "copy": Texts("classify the stores that they are copies of", "複製元の保存先を分類する"),
}
# One, several; Japanese has one form for both.
COUNTS = {
    "en": {
        "stores": ("{n} store", "{n} stores"),
        "decisions": ("{n} decision", "{n} decisions"),
        "violations": ("{n} violation", "{n} violations"),
        "more": ("{n} more candidate was not judged", "{n} more candidates were not judged"),
    },
    "ja": {
        "stores": ("保存先 {n} 件",) * 2,
        "decisions": ("要判断 {n} 件",) * 2,
        "violations": ("不適合 {n} 件",) * 2,
        "more": ("ほかの候補 {n} 件は試していない",) * 2,
    },
}
WORDS = {
    "en": {
        "head": "Unclassified  {unclassified} of {stores} · {decisions}",
        "fix": "fix",
        "effect": "{stores}, closes {closes}; as personal: {violations}",
        "conflict": "conflict: {classes} already",
        "rules": "as personal",
        "hint": "hint",
        "none": "every store has a class",
        "nothing": "they have nothing in common that a rule could name",
        "next": "`residency classify --suggest` proposes what to say of them",
        "decide": "`residency classify --suggest -f yaml` prints them as rules; the class is yours to decide",
    },
    "ja": {
        "head": "未分類  {stores}のうち {unclassified} 件 · {decisions}",
        "fix": "対処",
        "effect": "{stores}、「none」なら{closes}が解決、「personal」なら{violations}",
        "conflict": "矛盾: 既に {classes}",
        "rules": "personal なら",
        "hint": "手がかり",
        "none": "すべての保存先が分類済み",
        "nothing": "規則にできる共通点がない",
        "next": "`residency classify --suggest` が候補を示す",
        "decide": "`residency classify --suggest -f yaml` が classification.yaml の形で示す。分類は人が決める",
    },
}


def render(found: Unclassified | Suggestions, form: str, languages: tuple[str, ...]) -> Iterator[str]:
    """What was found as text or JSON, suggestions as YAML too; pieces that belong one after the other."""
    if form == "yaml" and isinstance(found, Suggestions):
        yield from _yaml(found)
    elif form == "json":
        yield json.dumps(_as_json(found), ensure_ascii=False, indent=1) + "\n"
    else:
        for number, language in enumerate(languages):
            yield "\n" if number else ""
            yield from _text(found, language)


# --- text -----------------------------------------------------------------------------------


def _text(found: Unclassified | Suggestions, language: str) -> Iterator[str]:
    head = WORDS[language]["head"].format(
        unclassified=f"{found.unclassified:,}",
        stores=_count("stores", found.stores, language),
        decisions=_count("decisions", found.decisions, language),
    )
    yield from wrapped(head)
    yield "\n"
    yield from _suggestions(found, language) if isinstance(found, Suggestions) else _groups(found, language)


def _groups(found: Unclassified, language: str) -> Iterator[str]:
    words = WORDS[language]
    clusters: dict[tuple[str, str], list[Group]] = {}
    for group in found.groups:
        clusters.setdefault((group.why, group.said), []).append(group)
    for (why, said), groups in clusters.items():
        facts = {"said": printable(said), "keys": printable(", ".join(found.tag_keys)) or "tag_keys"}
        yield from wrapped(_pick(WHY[why], language).format_map(facts), INDENT)
        yield from wrapped(f"{INDENT}{words['fix']}: {_pick(FIX[why], language).format_map(facts)}", INDENT)
        for group in groups:
            yield from _group(group, language)
        yield "\n"
    yield from wrapped(words["next" if found.groups else "none"])


def _group(group: Group, language: str) -> Iterator[str]:
    names = ", ".join(group.examples) + (", …" if group.stores > len(group.examples) else "")
    counts = f"{_count('stores', group.stores, language)}, {_count('decisions', group.decisions, language)}"
    yield from wrapped(f"{INDENT}{printable(group.kind)}  {printable(group.account or '?')}  {counts}", INDENT)
    yield from wrapped(f"{INDENT}{INDENT}{printable(names)}", INDENT * 2)


def _suggestions(found: Suggestions, language: str) -> Iterator[str]:
    for row in found.rows:
        yield from _suggestion(row, language)
    if found.more:
        yield _count("more", found.more, language) + "\n"
    yield "\n" if found.rows else ""
    ending = "decide" if found.rows else "nothing" if found.unclassified else "none"
    yield from wrapped(WORDS[language][ending])


def _suggestion(row: Suggestion, language: str) -> Iterator[str]:
    words = WORDS[language]
    change, effect = printable(_change(row.candidate)), _effect(row, language)
    line = f"{ljust(change, _CHANGE_WIDTH)}  {effect}"
    if width(line) <= WIDTH:
        yield line + "\n"
    else:
        yield from wrapped(change, INDENT)
        yield from wrapped(INDENT + effect, INDENT)
    for note in _notes(row, language):
        yield from wrapped(INDENT + note, INDENT)
    if row.violations:
        counts = ", ".join(f"{rule} {n:,}" for rule, n in row.violations.most_common())
        yield from wrapped(f"{INDENT}{words['rules']}: {counts}", INDENT)


def _effect(row: Suggestion, language: str) -> str:
    return WORDS[language]["effect"].format(
        stores=_count("stores", row.stores, language),
        closes=_count("decisions", row.closes, language),
        violations=_count("violations", row.violations.total(), language),
    )


def _notes(row: Suggestion, language: str) -> Iterator[str]:
    words = WORDS[language]
    if row.otherwise:
        classes = ", ".join(f"{n:,} {name}" for name, n in row.otherwise.items())
        yield words["conflict"].format(classes=classes)
    if row.hints:
        yield f"{words['hint']}: {', '.join(sorted(row.hints))}"


def _change(candidate: Candidate) -> str:
    """What would be written, on one line."""
    if candidate.by == VALUE:
        return f"values: {{{_quoted(candidate.text)}: {UNDECIDED}}}"
    if candidate.by == TAG_KEY:
        values = ", ".join(f"{_quoted(value)}: {UNDECIDED}" for value in candidate.values)
        return f"tag_keys: [{_quoted(candidate.text)}], values: {{{values}}}"
    return f"match: {_match(candidate)}"


def _match(candidate: Candidate) -> str:
    return f"{{{candidate.by}: {_quoted(candidate.text)}}}"


def _count(what: str, number: int, language: str) -> str:
    one, several = COUNTS[language][what]
    return (one if number == 1 else several).format(n=f"{number:,}")


def _pick(texts: Texts, language: str) -> str:
    return texts.ja if language == "ja" else texts.en


# --- YAML: for classification.yaml, once somebody has decided ---------------------------------


def _yaml(found: Suggestions) -> Iterator[str]:
    """A classification in which nothing is decided; the reader refuses it until each `?` is gone."""
    yield f"# What could be said of the unclassified stores of run {printable(found.run)}. Nothing here is decided:\n"
    yield f'# take over what you need, and put a class for each "{UNDECIDED}", a reason, an owner and the day.\n'
    yield "version: 1\nkind: classification\n"
    keys = [row for row in found.rows if row.candidate.by == TAG_KEY]
    if keys:
        yield "tag_keys:\n"
        yield from (f"  - {_quoted(key)}\n" for key in found.classification.tag_keys)
        for row in keys:
            yield from _remarks(row)
            yield f'  - {{"{UNDECIDED}": {_quoted(row.candidate.text)}}}\n'
    yield from _values(found)
    rules = [row for row in found.rows if row.candidate.by not in (TAG_KEY, VALUE)]
    if rules:
        yield "rules:\n"
    for row in rules:
        yield from _remarks(row)
        yield f"  - match: {_match(row.candidate)}\n"
        yield "".join(f"    {key}: {_quoted(value)}\n" for key, value in _OPEN.items())


# What a person fills in. The reader refuses the class and the day as they stand, and relief without the others.
_OPEN = {"data_class": UNDECIDED, "reason": "", "owner": "", "reviewed": UNDECIDED}


def _values(found: Suggestions) -> Iterator[str]:
    said: set[str] = set()
    for row in found.rows:
        new = [value for value in _open_values(row.candidate, found) if value not in said]
        if new and not said:
            yield "values:\n"
        if new and row.candidate.by == VALUE:
            yield from _remarks(row)
        yield from (f'  {_quoted(value)}: "{UNDECIDED}"\n' for value in new)
        said.update(new)


def _open_values(candidate: Candidate, found: Suggestions) -> list[str]:
    values = (candidate.text,) if candidate.by == VALUE else candidate.values
    return [value for value in values if value not in found.classification.values]


def _remarks(row: Suggestion) -> Iterator[str]:
    for remark in (_effect(row, "en"), *_notes(row, "en")):
        yield f"  # {printable(remark)}\n"


def _quoted(text: str) -> str:
    """A text as YAML, whatever characters a name holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


# --- JSON -----------------------------------------------------------------------------------


def _as_json(found: Unclassified | Suggestions) -> dict[str, Any]:
    counts = {name: getattr(found, name) for name in ("run", "stores", "unclassified", "decisions")}
    if isinstance(found, Unclassified):
        return counts | {"groups": [vars(group) for group in found.groups]}
    return counts | {"suggestions": [_row_as_json(row, found) for row in found.rows], "more": found.more}


def _row_as_json(row: Suggestion, found: Suggestions) -> dict[str, Any]:
    return {
        "by": row.candidate.by,
        "change": _change_as_json(row.candidate, found),
        "stores": row.stores,
        "unclassified": row.unclassified,
        "otherwise": row.otherwise,
        "hints": sorted(row.hints),
        "as_none": {"closes": row.closes},
        "as_personal": {
            "violations": row.violations.total(),
            "by_rule": dict(row.violations.most_common()),
            "examples": list(_examples(row.examples)),
        },
    }


def _change_as_json(candidate: Candidate, found: Suggestions) -> dict[str, Any]:
    if candidate.by in (VALUE, TAG_KEY):
        keys = {"tag_keys": [candidate.text]} if candidate.by == TAG_KEY else {}
        return {**keys, "values": dict.fromkeys(_open_values(candidate, found), UNDECIDED)}
    return {"match": {candidate.by: candidate.text}, **_OPEN}


def _examples(findings: Iterable[Finding]) -> Iterator[dict[str, str | None]]:
    for finding in findings:
        subject = finding.subject
        place = str(subject.place) if subject.place else None
        role = subject.role.value if subject.role else None
        yield {"rule": finding.rule, "severity": finding.severity.value, "id": subject.id, "role": role, "place": place}
