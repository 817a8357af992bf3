"""The chain in words: one row for each of its links, in the language of the reader."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from residency.countries import country_name
from residency.explain.nodes import Tree
from residency.reports.columns import width
from residency.reports.rows import BLANK, COLUMN, Row, text_of
from residency.reports.text import SEVERITIES_JA, STATUSES, WIDTH
from residency.rules.base import Texts
from residency.rules.texts import CLASSES, ROLES_JA, WORDS

ASK = 12  # hex digits of a fingerprint that a reader is given to ask with

LABELS = {
    "rule": Texts("Rule", "規則"),
    "says": Texts("Says", "内容"),
    "clause": Texts("Clause", "条項"),
    "source": Texts("Source", "典拠"),
    "shipped": Texts("Ships as", "出荷時"),
    "in_force": Texts("In force", "現在"),
    "fix": Texts("Fix", "対処"),
    "opposite": Texts("Contrary", "反対の検査"),
    "store": Texts("Store", "保存先"),
    "verdict": Texts("Verdict", "判定"),
    "owner": Texts("Owner", "責任者"),
    "holds": Texts("Holds", "データ"),
    "from": Texts("From", "由来"),
    "policy": Texts("Policy", "方針"),
    "copy": Texts("Copy", "複製"),
    "holder": Texts("Held by", "保有"),
    "place": Texts("Place", "場所"),
    "operator": Texts("Operator", "事業者"),
    "atlas": Texts("Atlas", "位置台帳"),
    "said": Texts("Said by", "根拠"),
    "control": Texts("Control", "保護措置"),
    "key": Texts("Key", "鍵"),
    "finding": Texts("Finding", "指摘"),
    "on": Texts("About", "対象"),
    "exception": Texts("Exception", "例外"),
    "acceptance": Texts("Accepted", "受容"),
    "out-of-scope": Texts("Out", "対象外"),
    "gap": Texts("Gap", "未確認"),
    "vendor": Texts("Vendor", "事業者"),
    "cause": Texts("Cause", "原因"),
    "stores": Texts("Stores", "保存先"),
    "ask": Texts("Ask", "照会"),
}
SAYS = {
    "shipped": Texts(
        "{status}: {personal} for personal data, {special_care} for special-care data",
        "{status}: 個人データは{personal}、要配慮個人情報は{special_care}",
    ),
    "in_force": Texts("{weight}, by the policy {policy}: {reason}", "{weight}(方針 {policy}: {reason})"),
    "store": Texts(
        "{kind} · account {account} · sources {sources}", "{kind} · アカウント {account} · 走査対象 {sources}"
    ),
    "address": Texts("address {address}", "アドレス {address}"),
    "from": Texts("{role} of {store}: {data_class} ({by})", "{store} の {role}: {data_class}({by})"),
    "not_seen": Texts("nobody saw it; it hands on what reaches it", "未確認の保存先を経由"),
    "policy": Texts("{id}: allows {allow}", "{id}: {allow} を許可"),
    "former": Texts("made by a setting that is switched off", "作る設定は無効"),
    "jurisdictions": Texts("jurisdiction {names}", "法域 {names}"),
    "candidate": Texts("one of the places that the provider names", "事業者が挙げる候補"),
    "nowhere": Texts("not known: {why}", "未確認: {why}"),
    "operator": Texts("{operator}: {name} ({country}), {vendor}", "{operator}: {name}({country})、{vendor}"),
    "vendor_is": Texts("vendor record {vendor}", "事業者台帳 {vendor}"),
    "no_vendor": Texts("no vendor record", "事業者台帳なし"),
    "atlas": Texts("{source}; read {read_on}, confidence {confidence}", "{source}(参照 {read_on}、確度 {confidence})"),
    "no_atlas": Texts("the atlas does not hold this location", "位置台帳にない場所"),
    "control": Texts(
        "grade {grade}; the policy demands {needed} and aims at {target}",
        "等級 {grade}。方針は {needed} 以上を求め、目標は {target}",
    ),
    "grade": Texts("{grade} ({meaning})", "{grade}({meaning})"),
    "no_grade": Texts("not read", "読み取れない"),
    "held": Texts("that of the store that holds it", "保有する保存先を参照"),
    "no_control": Texts("nothing says what protects it", "保護措置を示すものがない"),
    "key": Texts("{key} in {place}", "{key}、{place}"),
    "excepted": Texts("excepted by {id}", "例外 {id}"),
    "approval": Texts("{id} ({state}) until {expires}{left}: {reason}", "{id}({state})期限 {expires}{left}: {reason}"),
    "left": Texts(", {days} days left", "、残り {days} 日"),
    "people": Texts("owner {owner}, approved by {by} on {on}", "責任者 {owner}、承認 {by}({on})"),
    "gap": Texts("{status} {call}{needs}: {level}", "{status} {call}{needs}: {level}"),
    "needs": Texts(" (needs {needs})", "({needs} が必要)"),
    "cause": Texts("cause {cause}, owner {owner}", "原因 {cause}、責任者 {owner}"),
    "accepted": Texts("accepted by {id}", "受容 {id}"),
    "vendor": Texts("{id}: state {state}, review {verdict}", "{id}: 状態 {state}、審査 {verdict}"),
    "cells": Texts("{level}: {total} gaps in {cells} cells", "{level}: {cells} 区画に {total} 件の未確認"),
    "stores": Texts("{total} concerned", "{total} 件が該当"),
    "no_store": Texts(
        "no store of this run: what is known of it is told by the stores that have a copy there",
        "この実行の保存先ではなく、複製を置く保存先から分かることだけを示す",
    ),
    "more": Texts("… and {n} more", "… ほか {n} 件"),
}
GRADES = (
    Texts("none", "なし"),
    Texts("contract only", "契約のみ"),
    Texts("the provider's key", "事業者の鍵"),
    Texts("a customer-managed key", "顧客管理鍵"),
    Texts("a key outside the provider", "事業者の外の鍵"),
    Texts("encrypted by the client", "クライアント側の暗号化"),
)
# Words of the tree that a reader of Japanese is told in Japanese; English says them as they are.
JA = {
    "permitted": "適合",
    "prohibited": "不適合",
    "undetermined": "未確認",
    "excepted": "例外",
    "not-personal": "個人データでない",
    "exists": "存在",
    "planned": "計画",
    "may-appear": "生じ得る",
    "required": "必須",
    "tracked": "参考",
    "out": "対象外",
    "covers": "適用中",
    "expired": "期限切れ",
    "not-begun": "開始前",
    "unused": "該当なし",
    "statistical": "統計情報",
    "anonymised": "匿名加工情報",
    "none": "個人データなし",
}
_BASIS_JA = {
    "tag ": "タグ ",
    "classification.yaml rule ": "classification.yaml の規則 ",
    "person-related, and joined with ": "個人関連情報と結合: ",
}


def render(tree: Tree, languages: tuple[str, ...], asked_with: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """The text of an answer, once for each language.

    `asked_with`: the options, with their values, that what is to be asked next needs as well.
    """
    for number, language in enumerate(languages):
        if number:
            yield "\n"
        yield from text_of(_Text(language, asked_with).rows(tree))


class _Text:
    def __init__(self, language: str, asked_with: Sequence[tuple[str, str]]) -> None:
        self.language = language
        self.asked_with = asked_with

    def rows(self, tree: Tree) -> Iterator[Row]:
        if tree["is"] == "rule":
            yield from self._rule(tree)
            return
        if tree["is"] == "holder":
            yield from self._holder(tree)
            return
        if "store" in tree:
            yield from self._store(tree)
        for number, finding in enumerate(tree["findings"]):
            if number or "store" in tree:
                yield BLANK
            yield from self._finding(finding, tree)
        yield from self._subject(tree.get("subject", {}))
        if tree.get("stores", {}).get("total"):
            yield from self._stores(tree["stores"])
        for approval in tree["approvals"]:
            yield from self._approval(approval)
        for gap in tree.get("gaps", ()):
            yield from self._gap(gap)

    # --- words --------------------------------------------------------------------------------

    def _row(self, label: str, text: str) -> Row:
        return self._pick(LABELS[label]), text

    def _each(self, label: str, texts: list[str]) -> Iterator[Row]:
        """One label, and a row for each of several texts."""
        for number, text in enumerate(texts):
            yield ("", text) if number else self._row(label, text)

    def _say(self, key: str, /, **facts: object) -> str:
        return self._pick(SAYS[key]).format(**facts)

    def _pick(self, texts: Texts) -> str:
        return texts.ja if self.language == "ja" else texts.en

    def _word(self, value: str) -> str:
        return JA.get(value, value) if self.language == "ja" else value

    def _class(self, value: str | None) -> str:
        if value is None:
            return "?"
        return self._pick(CLASSES[value]) if value in CLASSES else self._word(value)

    def _role(self, role: str) -> str:
        return ROLES_JA.get(role, role) if self.language == "ja" else role

    def _basis(self, text: str) -> str:
        """What a data class rests on."""
        known = WORDS["classified_by"].get(text)
        if known:
            return self._pick(known)
        return self._basis_ja(text) if self.language == "ja" else text

    def _basis_ja(self, text: str) -> str:
        role, _, store = text.partition(" of ")
        if role in ROLES_JA and store:
            return f"{store} の {ROLES_JA[role]}"
        start = next((start for start in _BASIS_JA if text.startswith(start)), "")
        return _BASIS_JA.get(start, "") + text.removeprefix(start)

    def _why(self, why: str | None) -> str:
        known = WORDS["why"].get(why or "unresolved")
        return self._pick(known) if known else why or "?"

    def _weight(self, weight: Tree) -> str:
        ja = self.language == "ja"
        severities = {k: SEVERITIES_JA[weight[k]] if ja else weight[k] for k in ("personal", "special_care")}
        state = STATUSES["ja"][weight["status"]] if ja else weight["status"]
        return self._say("shipped", status=state, **severities)

    def _countries(self, codes: list[str]) -> str:
        return ", ".join(f"{country_name(code, self.language)} ({code})" for code in codes) or "?"

    # --- a rule -------------------------------------------------------------------------------

    def _rule(self, tree: Tree) -> Iterator[Row]:
        yield self._row("rule", tree["id"])
        yield "", tree["title"][self.language]
        yield self._row("says", tree["says"][self.language])
        yield self._row("clause", tree["clause"][self.language])
        yield self._row("source", tree["source"])
        yield self._row("shipped", self._weight(tree["shipped"]))
        for own in tree["in_force"]:
            weight = self._weight(own)
            yield self._row(
                "in_force", self._say("in_force", weight=weight, policy=own["policy"], reason=own["reason"])
            )
        yield self._row("fix", tree["fix"][self.language])
        yield self._row("opposite", ", ".join(tree["opposite"]))

    # --- a store and its copies ---------------------------------------------------------------

    def _store(self, tree: Tree) -> Iterator[Row]:
        store, policy = tree["store"], tree["policy"]
        yield self._row("store", store["id"])
        names = {"kind": store["kind"], "account": store["account"] or "?", "sources": ", ".join(store["sources"])}
        yield "", self._say("store", **names)
        if store["address"]:
            yield "", self._say("address", address=store["address"])
        yield self._row("owner", store["owner"] or "")
        yield self._row("verdict", self._word(store["verdict"]))
        yield self._row("holds", f"{self._class(store['data_class'])}: {self._basis(store['classified_by'])}")
        for step in tree["class_from"]:
            by = self._basis(step["classified_by"]) if step["classified_by"] else self._say("not_seen")
            facts = {"role": self._role(step["role"]), "store": step["store"], "by": by}
            yield self._row("from", self._say("from", data_class=self._class(step["data_class"]), **facts))
            yield from (("", said) for said in step["said_by"])
        yield self._row("policy", self._say("policy", id=policy["id"], allow=", ".join(policy["allow"])))
        yield "", policy["title"][self.language] or ""
        for copy in tree["copies"]:
            yield from self._copy(copy, policy)

    def _copy(self, copy: Tree, policy: Tree) -> Iterator[Row]:
        former = [self._say("former")] if copy["former"] else []
        states = [self._role(copy["role"]), self._word(copy["state"]), *former, self._word(copy["verdict"])]
        yield BLANK
        yield self._row("copy", " · ".join(states))
        yield self._row("holder", copy["holder"] or "")
        for place in copy["places"]:
            yield from self._place(place, candidate=copy["place"] is None)
        if copy["place"] is None and (copy["why"] or not copy["candidates"]):
            yield self._row("place", self._say("nowhere", why=self._why(copy["why"])))
        yield from self._each("said", copy["said_by"])
        yield from self._control(copy, policy)

    def _place(self, place: Tree, candidate: bool = False) -> Iterator[Row]:
        yield self._row("place", self._where(place))
        if candidate:
            yield "", self._say("candidate")
        yield self._row("atlas", self._say("atlas", **place["atlas"]) if place["atlas"] else self._say("no_atlas"))
        if place["operator"]:
            vendor = self._say("vendor_is", vendor=place["vendor"]) if place["vendor"] else self._say("no_vendor")
            facts = {"name": place["operator_name"], "country": place["operator_country"], "vendor": vendor}
            yield self._row("operator", self._say("operator", operator=place["operator"], **facts))

    def _where(self, place: Tree) -> str:
        names = ", ".join(place["jurisdictions"])
        parts = [f"{place['place']}: {self._countries(place['countries'])}"]
        parts += [self._say("jurisdictions", names=names)] if names else []
        return " · ".join([*parts, self._word(place["verdict"])])

    def _control(self, copy: Tree, policy: Tree) -> Iterator[Row]:
        control = copy["control"]
        if control is None:
            yield self._row("control", self._say("held" if copy["holder_seen"] else "no_control"))
            return
        grade = self._grade(control["grade"])
        facts = {"needed": policy["min_grade"], "target": policy["target_grade"]}
        modifiers = "".join(f", {name}" for name in control["modifiers"])
        yield self._row("control", self._say("control", grade=grade, **facts) + modifiers)
        yield from (("", said) for said in control["said_by"])
        if control["key"]:
            place = self._where(control["key_place"]) if control["key_place"] else "?"
            yield self._row("key", self._say("key", key=control["key"], place=place))

    def _grade(self, grade: int | None) -> str:
        return (
            self._say("no_grade")
            if grade is None
            else self._say("grade", grade=grade, meaning=self._pick(GRADES[grade]))
        )

    # --- what is said of it -------------------------------------------------------------------

    def _finding(self, finding: Tree, tree: Tree) -> Iterator[Row]:
        ja = self.language == "ja"
        severity = SEVERITIES_JA[finding["severity"]] if ja else finding["severity"]
        state = STATUSES[self.language][finding["status"]]
        yield self._row("finding", f"{state} · {severity} · {finding['rule']} · {finding['fingerprint'][:ASK]}")
        if finding["excepted_by"]:
            yield "", self._say("excepted", id=finding["excepted_by"])
        if finding["subject"]["id"] != tree.get("store", {}).get("id"):
            yield self._row("on", finding["subject"]["id"])
        yield self._row("says", finding["message"][self.language])
        yield from self._each("said", finding["evidence"] if tree["is"] == "finding" else [])
        yield self._row("clause", finding["clause"][self.language])
        yield self._row("source", finding["source"])
        yield self._row("fix", finding["fix"][self.language])
        yield self._row("owner", finding["owner"] or "")
        if finding["policy"] != tree.get("policy", {}).get("id"):
            yield self._row("policy", finding["policy"])
        if tree["is"] == "store":
            yield from self._ask(finding["fingerprint"][:ASK])

    def _ask(self, fingerprint: str) -> Iterator[Row]:
        """The next question as a shell takes it: also where it is too long for one line."""
        parts = [f"residency explain {fingerprint}", *(shlex.join(option) for option in self.asked_with)]
        line = " ".join(parts)
        fits = width(line) <= WIDTH - COLUMN
        yield from self._each("ask", [line] if fits else [*(f"{part} \\" for part in parts[:-1]), parts[-1]])

    def _subject(self, subject: Tree) -> Iterator[Row]:
        if "place" in subject:
            yield from self._place(subject["place"])
        if "vendor" in subject:
            vendor = subject["vendor"]
            yield self._row("vendor", self._say("vendor", **{key: vendor[key] for key in ("id", "state", "verdict")}))
            yield "", ", ".join(f"{name}: {state}" for name, state in vendor["checks"].items())
        if "operator" in subject:
            operator = subject["operator"]
            facts = {"operator": operator["id"], "name": operator["name"], "country": operator["country"]}
            yield self._row("operator", self._say("operator", vendor=self._say("no_vendor"), **facts))
        if "cause" in subject:
            yield from self._cause(subject["cause"])

    def _cause(self, cause: Tree) -> Iterator[Row]:
        level = self._word(cause["level"])
        yield self._row("cause", cause["id"])
        yield "", self._say("cells", level=level, total=cause["total"], cells=cause["cells"])

    def _stores(self, stores: Tree) -> Iterator[Row]:
        yield BLANK
        yield self._row("stores", self._say("stores", total=stores["total"]))
        for store in stores["first"]:
            yield "", f"{store['id']} · {self._class(store['data_class'])} · {self._word(store['verdict'])}"
        if stores["total"] > len(stores["first"]):
            yield "", self._say("more", n=stores["total"] - len(stores["first"]))

    def _holder(self, tree: Tree) -> Iterator[Row]:
        yield from self._each("holder", tree["holders"])
        yield "", self._say("no_store")
        yield from self._stores(tree["stores"])
        for chain in tree["chains"]:
            yield BLANK
            yield from self.rows(chain)

    def _approval(self, row: Tree) -> Iterator[Row]:
        facts: dict[str, Any] = {key: row[key] for key in ("id", "expires", "reason")}
        yield BLANK
        left = self._say("left", days=row["days_left"]) if row["days_left"] >= 0 else ""
        yield self._row(row["kind"], self._say("approval", state=self._word(row["state"]), left=left, **facts))
        yield "", row["rule"] or ""
        yield "", self._say("people", owner=row["owner"], by=row["approved_by"], on=row["approved_on"])

    def _gap(self, gap: Tree) -> Iterator[Row]:
        needs = self._say("needs", needs=gap["needs"]) if gap["needs"] else ""
        yield BLANK
        facts = {"status": gap["status"], "call": gap["call"], "needs": needs}
        yield self._row("gap", self._say("gap", level=self._word(gap["level"]), **facts))
        yield "", f"{gap['code']} {gap['reason']}".strip()
        yield "", self._say("cause", cause=gap["cause"], owner=gap["owner"] or "-")
        if gap["accepted_by"]:
            yield "", self._say("accepted", id=gap["accepted_by"])
