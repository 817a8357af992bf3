"""Gaps in words: how much was seen, and for each cause what it hides and what closes it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from residency.gaps import Tree
from residency.reports.rows import BLANK, Row, text_of
from residency.rules.base import Texts

LABELS = {
    "run": Texts("Run", "実行"),
    "cells": Texts("Cells", "区画"),
    "required": Texts("Required", "必須"),
    "tracked": Texts("Tracked", "参考"),
    "out": Texts("Out", "対象外"),
    "owner": Texts("Owner", "責任者"),
    "account": Texts("Account", "アカウント"),
    "cause": Texts("Cause", "原因"),
    "hides": Texts("Hides", "未確認"),
    "call": Texts("Calls", "呼び出し"),
    "fix": Texts("Fix", "対処"),
    "accepted": Texts("Accepted", "受容"),
    "accept": Texts("Accept", "受容方法"),
}
SAYS = {
    "cells": Texts("{listed} of {planned} listed whole", "{planned} 区画中 {listed} 区画を一覧取得"),
    "level": Texts(
        "{listed} of {planned} cells listed whole; {causes} causes ({accepted} accepted) of {gaps} gaps",
        "{planned} 区画中 {listed} 区画を一覧取得。原因 {causes} 件(うち受容済み {accepted} 件)・未確認 {gaps} 件",
    ),
    "none": Texts("nothing in these cells was unseen", "未確認なし"),
    "group": Texts("{name} ({n} causes)", "{name}(原因 {n} 件)"),
    "hides": Texts(
        "{level}: {services} in {where}; gaps {gaps}, cells {cells}",
        "{level}: {where} の {services}。未確認 {gaps} 件・区画 {cells} 件",
    ),
    "stores": Texts(", stores not followed up {stores}", "・追跡できない保存先 {stores} 件"),
    "regions": Texts("{n} regions", "{n} リージョン"),
    "call": Texts("{status} {calls} ({codes})", "{status} {calls}({codes})"),
    "needs": Texts("needs {needs}", "{needs} が必要"),
    "accepted": Texts(
        "{id} until {expires}, {days} days left: {reason}", "{id} 期限 {expires}、残り {days} 日: {reason}"
    ),
    "people": Texts("owner {owner}, approved by {by}", "責任者 {owner}、承認 {by}"),
}
LEVELS_JA = {"required": "必須", "tracked": "参考", "out": "対象外"}


def render(tree: Tree, languages: tuple[str, ...]) -> Iterator[str]:
    """The text of all gaps, once for each language."""
    for number, language in enumerate(languages):
        if number:
            yield "\n"
        yield from text_of(_Text(language).rows(tree))


class _Text:
    def __init__(self, language: str) -> None:
        self.language = language

    def rows(self, tree: Tree) -> Iterator[Row]:
        yield self._row("run", f"{tree['run']['id']}  {tree['run']['started']}")
        yield self._row("cells", self._say("cells", **tree["cells"]))
        for level, total in tree["levels"].items():
            if total["planned"]:
                yield self._row(level, self._say("level", **total))
        if not tree["groups"]:
            yield "", self._say("none")
        for group in tree["groups"]:
            yield BLANK
            if tree["by"] != "cause":
                name = group["name"] or "-"
                yield self._row(tree["by"], self._say("group", name=name, n=len(group["causes"])))
            for number, cause in enumerate(group["causes"]):
                yield from [BLANK] if number else []
                yield from self._cause(cause)

    def _cause(self, cause: Tree) -> Iterator[Row]:
        yield self._row("cause", cause["id"])
        yield self._row("hides", self._hides(cause))
        calls, codes = ", ".join(cause["calls"]), ", ".join(cause["codes"])
        yield self._row("call", self._say("call", status=cause["status"], calls=calls, codes=codes))
        if cause["needs"]:
            yield "", self._say("needs", needs=", ".join(cause["needs"]))
        yield self._row("owner", cause["owner"] or "")
        yield self._row("fix", cause["fix"][self.language])
        for row in cause["approvals"]:
            facts = {key: row[key] for key in ("id", "expires", "reason")}
            yield self._row("accepted", self._say("accepted", days=row["days_left"], **facts))
            yield "", self._say("people", owner=row["owner"], by=row["approved_by"])
        if cause["level"] != "out" and not cause["approvals"]:
            yield self._row("accept", f"residency coverage accept {shlex.quote(cause['id'])} …")

    def _hides(self, cause: Tree) -> str:
        regions = cause["regions"]
        where = regions[0] if len(regions) == 1 else self._say("regions", n=len(regions))
        level = LEVELS_JA[cause["level"]] if self.language == "ja" else cause["level"]
        counts = {key: cause[key] for key in ("gaps", "cells")}
        stores = self._say("stores", stores=cause["stores"]) if cause["stores"] else ""
        return self._say("hides", level=level, services=", ".join(cause["services"]), where=where, **counts) + stores

    def _row(self, label: str, text: str) -> Row:
        return self._pick(LABELS[label]), text

    def _say(self, key: str, /, **facts: object) -> str:
        return self._pick(SAYS[key]).format(**facts)

    def _pick(self, texts: Texts) -> str:
        return texts.ja if self.language == "ja" else texts.en
