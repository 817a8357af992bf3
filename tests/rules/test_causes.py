"""What a refused call or a template left open stands in the finding that it causes, with what would close it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from residency.clouds import answers
from residency.model import Control, Copy, Role, Said, Why
from residency.rules.causes import _REASONS_JA
from residency.rules.texts import fix, message
from tests.build import SAID, a_copy, a_gap, a_store
from tests.rules.cases import NOWHERE, found

STORE, OTHER = "arn:aws:s3:::one", "arn:aws:s3:::other"
UNCLASSIFIED: dict[str, str] = {}
REFUSED = a_gap(subject=STORE, call=SAID[0].call, needs="s3:GetBucketLocation")


def silent(reason: str) -> tuple[Said, ...]:
    return (Said(call="terraform:aws_s3_bucket", field="region", reason=reason),)


def unplaced(reason: str, role: Role = Role.PRIMARY) -> Copy:
    return Copy(role=role, place=None, why=Why.UNRESOLVED, said_by=silent(reason))


REASONS = [  # the words of a reader of templates, what both languages say of it, and what they say to do
    (
        "the provider names no region: give --region",
        ("the provider names no region", "プロバイダーにリージョンの指定がない"),
        ("give --region, or set `region` in", "--region を指定するか、プロバイダーに"),
    ),
    (
        "the parameter Region has no value: give --parameter Region=…",
        ("the parameter Region has no value", "パラメーター Region に値がない"),
        ("give --parameter Region=…", "--parameter Region=… を指定する"),
    ),
    (
        "the mapping has no such key",
        ("the mapping has no such key", "the mapping has no such key"),
        ("give the scan the right to ask", "走査に参照権限を与える"),  # the rule's own
    ),
]


@pytest.mark.parametrize(("reason", "why", "how"), REASONS)
def test_what_a_template_leaves_open_is_told_with_the_option_that_closes_it(
    tmp_path: Path, reason: str, why: tuple[str, str], how: tuple[str, str]
) -> None:
    (finding,) = found(tmp_path, "copy-place-unknown", a_store(STORE, unplaced(reason)))
    for language, said, to_do in zip(("en", "ja"), why, how, strict=True):
        assert said in message(finding, language)
        assert fix(finding, language).startswith(to_do)


UNREAD = a_copy(control=Control(grade=None, said_by=SAID))
REFUSALS = [  # rule, the store of which something was refused
    ("copy-place-unknown", a_store(STORE, a_copy(None))),
    ("store-unclassified", a_store(STORE, a_copy(None), tags=UNCLASSIFIED)),
    ("access-prevention-not-in-effect", a_store(STORE, UNREAD)),
    ("copy-shared-outside", a_store(STORE, a_copy(), a_copy(None, Role.SHARE, account=None))),
]


@pytest.mark.parametrize(("rule", "store"), REFUSALS, ids=[rule for rule, _ in REFUSALS])
def test_a_refused_call_is_named_with_the_right_that_is_missing(tmp_path: Path, rule: str, store: object) -> None:
    (finding,) = found(tmp_path, rule, store, gaps=[REFUSED])  # type: ignore[arg-type]
    for language, how in (("en", "allow s3:GetBucketLocation to"), ("ja", "走査用ロールに s3:GetBucketLocation")):
        assert "test:Listing denied (AccessDenied)" in message(finding, language)
        assert fix(finding, language).startswith(how)


def test_an_unclassified_store_may_be_classified_instead(tmp_path: Path) -> None:
    store = a_store(STORE, unplaced("a template names no region: give --region"), tags=UNCLASSIFIED)
    (finding,) = found(tmp_path, "store-unclassified", store)
    assert fix(finding, "en").startswith("give --region, or tag it")
    assert fix(finding, "ja").startswith("--region を指定する。またはタグを付ける")


@pytest.mark.parametrize(
    ("store", "gap"),
    [
        (a_store(STORE, a_copy(None)), a_gap(subject=STORE, call="s3:GetBucketTagging")),  # of something else
        (a_store(STORE, a_copy(None)), a_gap(subject="arn:aws:s3:::two", call=SAID[0].call)),  # of another store
        (a_store(STORE, a_copy(NOWHERE)), REFUSED),  # the place was told: the atlas does not hold it
    ],
    ids=["another call", "another store", "a place that is not held"],
)
def test_a_gap_that_is_not_the_cause_is_not_named(tmp_path: Path, store: object, gap: object) -> None:
    (finding,) = found(tmp_path, "copy-place-unknown", store, gaps=[gap])  # type: ignore[arg-type, list-item]
    assert "denied" not in message(finding, "en")
    assert fix(finding, "en").startswith("give the scan the right to ask")


def test_a_reason_with_names_of_a_template_is_short_and_printed_as_it_is(tmp_path: Path) -> None:
    unknown = answers.Unknown(Why.NOT_KNOWN_YET, f"the parameter {{x}}{'y' * 500} has no value")
    said = answers.silent(SAID[0], unknown)
    assert len(said.reason) == answers.MAX_REASON
    (finding,) = found(tmp_path, "copy-place-unknown", a_store(STORE, unplaced("the parameter {0} has no value")))
    assert "the parameter {0} has no value" in message(finding, "en")


def test_every_translated_reason_is_one_that_a_reader_gives() -> None:
    sources = Path(__file__).parents[2] / "residency/sources"
    given = "".join(path.read_text(encoding="utf-8") for path in sources.glob("*.py"))
    words = [re.split(r"\(\.\+\)", pattern) for pattern in _REASONS_JA]
    assert [part for parts in words for part in parts if part.strip() and part.strip() not in given] == []


def test_what_is_made_beside_a_store_without_a_place_lacks_it_for_the_same_reason(tmp_path: Path) -> None:
    beside = Copy(role=Role.BACKUP, place=None, why=Why.UNRESOLVED, said_by=SAID)
    store = a_store(STORE, unplaced("the provider names no region: give --region"), beside)
    both = found(tmp_path, "copy-place-unknown", store)
    assert [fix(finding, "en") for finding in both] == ["give --region, or set `region` in the provider"] * 2


def test_a_copy_that_something_unread_holds_says_so(tmp_path: Path) -> None:
    (finding,) = found(
        tmp_path, "copy-place-unknown", a_store(STORE, a_copy(), a_copy(None, Role.EXPORT, holder=OTHER))
    )
    assert f"{OTHER} holds it, which nothing that was read lists" in message(finding, "en")
    assert fix(finding, "en") == "name the account that holds it as a source"
    assert fix(finding, "ja") == "それを保有するアカウントを走査対象に加える"
