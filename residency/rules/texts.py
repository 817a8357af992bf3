"""Fills a rule's texts with the facts of a finding, in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from string import Formatter

from residency.countries import country_name
from residency.model import Finding
from residency.rules import rule_of
from residency.rules.base import Texts

ROLES_JA = {
    "primary": "本体",
    "replica": "複製",
    "standby": "待機系",
    "witness": "ウィットネス",
    "backup": "バックアップ",
    "snapshot": "スナップショット",
    "stream": "ストリーム",
    "log": "ログ",
    "export": "エクスポート",
    "cache": "キャッシュ",
    "share": "共有",
    "inference": "推論処理",
    "metadata": "メタデータ",
    "key": "鍵",
}
CLASSES = {
    "my-number": Texts("My Number", "特定個人情報"),
    "special-care": Texts("special-care personal", "要配慮個人情報"),
    "personal": Texts("personal", "個人データ"),
    "pseudonymised": Texts("pseudonymised", "仮名加工情報"),
    "person-related": Texts("person-related", "個人関連情報"),
    "unknown": Texts("unclassified", "未分類データ"),
}
WORDS = {
    "why": {
        "unbounded": Texts("the provider does not limit it", "事業者が限定していない"),
        "unresolved": Texts("nobody told", "回答が得られなかった"),
        "not-known-yet": Texts("known only after apply", "適用後に確定する"),
        "unknown-id": Texts("the atlas does not hold this location", "位置台帳にない場所"),
    },
    "former": {
        "yes": Texts(
            ": what made it is switched off, but what it made may remain", "。作る設定は無効だが、既存の複製が残り得る"
        )
    },
    "what": {"key": Texts("the only key", "唯一の鍵"), "key-replica": Texts("a replica of the key", "鍵の複製")},
    "recipient": {"everyone": Texts("everyone", "全員")},
    "classified_by": {
        "nothing says what it holds": Texts("nothing says what it holds", "内容を示すものがない"),
        "its tags could not be read": Texts("its tags could not be read", "タグを読み取れない"),
    },
    "entity": {
        "operating": Texts("operating", "運営"),
        "contracting": Texts("contracting", "契約"),
        "parent": Texts("parent", "親会社の"),
    },
}


def message(finding: Finding, language: str) -> str:
    """What the finding says, in one sentence."""
    return _fill(rule_of(finding.rule).message, finding, language)


def fix(finding: Finding, language: str) -> str:
    """What to do about it, in one sentence: what closes its own cause where that is known, else what the rule says."""
    return finding.facts.get(f"fix_{language}") or _fill(rule_of(finding.rule).fix, finding, language)


def action(finding: Finding, language: str) -> str:
    """The same without the places that would do: they differ from store to store, what is to be done does not."""
    places = dict.fromkeys((name for name in finding.facts if name.startswith("allowed")), "")
    return finding.facts.get(f"fix_{language}") or _fill(rule_of(finding.rule).fix, finding, language, places)


def _fill(texts: Texts, finding: Finding, language: str, instead: Mapping[str, str] | None = None) -> str:
    known = {"because": "", **finding.facts, **(instead or {})}  # nobody gave a reason
    text = _pick(texts, language)
    return text.format_map({name: _fact(name, known, language) for name in _placeholders(text)})


@cache
def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(text) if name))


def _fact(name: str, facts: Mapping[str, str], language: str) -> str:
    """What fills a placeholder: the fact of that name, or the one that is given for each language."""
    own = facts.get(f"{name}_{language}")
    return _worded(name, facts[name], language) if own is None else own


def _worded(key: str, value: str, language: str) -> str:
    if key == "countries":
        named = ((code, country_name(code, language)) for code in value.split())
        return ", ".join(code if code == name else f"{name} ({code})" for code, name in named)
    if key == "role":
        return ROLES_JA.get(value, value) if language == "ja" else value
    known = CLASSES if key == "data_class" else WORDS.get(key, {})
    return _pick(known[value], language) if value in known else value


def _pick(texts: Texts, language: str) -> str:
    return texts.ja if language == "ja" else texts.en
