"""The strict YAML reader: what it refuses, where it says it stands, and what it never lets through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from residency.policy.libyaml import load
from residency.policy.models import Classification, Coverage, Exceptions, Policy, Section, Sources
from residency.policy.reader import (
    ConfigError,
    Document,
    Mistake,
    parse_yaml,
    read_shipped,
    read_yaml,
    shown,
    validate_as,
)
from residency.shipped import shipped_config

SHIPPED = shipped_config()

LONG = "x" * 200


def refused(text: str) -> Mistake:
    """The one mistake of a text that is no config file."""
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "f.yaml")
    (mistake,) = caught.value.mistakes
    return mistake


def mistakes_of(model: type[Section], text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate_as(parse_yaml(text, "f.yaml"), model)
    return list(caught.value.lines())


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\nb: &anchor x\n", 2, 4, "the anchor '&anchor'"),
        ("a: &list [x]\n", 1, 4, "the anchor '&list'"),
        ("a: &map {x: y}\n", 1, 4, "the anchor '&map'"),
        ("a: 1\nb:\n  - *other\n", 3, 5, "the alias '*other'"),
        ("a: !!str NO\n", 1, 4, "the tag 'tag:yaml.org,2002:str'"),
        ("a: ! x\n", 1, 4, "the tag '!'"),
        ("a:\n  b: !!python/object:os.system x\n", 2, 6, "the tag 'tag:yaml.org,2002:python/object:os.system'"),
        ("a: !secret x\n", 1, 4, "the tag '!secret'"),
        ("!!map {a: b}\n", 1, 1, "the tag 'tag:yaml.org,2002:map'"),
        ("%YAML 1.1\n---\na: NO\n", 1, 1, "`%` directives"),
        ("%YAML 1.2\n---\na: NO\n", 1, 1, "`%` directives"),
        ("# first\n%TAG ! tag:example.com,2000:\n---\na: 1\n", 2, 1, "`%` directives"),
        ("%ANYTHING at all\n---\na: 1\n", 1, 1, "`%` directives"),
        ("a: 1\na: 2\n", 2, 1, "the key 'a' stands twice"),
        ("a: {b: 1, c: 2, b: 3}\n", 1, 17, "the key 'b' stands twice"),
        ("1: a\n'1': b\n", 2, 1, "the key '1' stands twice"),
        ("a:\n\t- b\n", 2, 1, "found character '\\t'"),
        ("\ta: b\n", 1, 1, "found character '\\t'"),
        ("a: 1\n---\nb: 1\n", 2, 1, "a second document starts here"),
        ("a: 1\n...\n---\nb: 1\n", 3, 1, "a second document starts here"),
        ("", 1, 1, "is empty"),
        ("# nothing but a remark\n", 1, 1, "is empty"),
        ("a: b: c\n", 1, 5, "is not YAML"),
        ("a: [1, 2\n", 2, 1, "is not YAML"),
        ("? [a]\n: b\n", 1, 3, "a key must be a plain word"),
        ("? {a: b}\n: c\n", 1, 3, "a key must be a plain word"),
        ("a: 1\nb: x\x07y\n", 2, 5, "U+0007"),
        ("a: 1\nb: \x00\n", 2, 4, "U+0000"),
        ("a: 1\nb: 2026-02-30\n", 2, 4, "'2026-02-30' is no value"),
        ("a: 2026-01-01 25:00:00\n", 1, 4, "is no value"),
        (f"a: {'9' * 5000}\n", 1, 4, "is no value"),
        (f"a: 0x{'f' * 5000}\n", 1, 4, "is no value"),
        ("a: <<\n", 1, 4, "'<<' is no value"),
        ('a: "\\ud800"\n', 1, 4, "is no value"),
        ('"\\ud800": a\n', 1, 1, "a key must be a plain word"),
        ('a: 1\nb: "\\U00110000"\n', 2, 5, "the escape is no character"),
    ],
)
def test_what_a_reviewer_could_not_read_is_refused_where_it_stands(
    text: str, line: int, column: int, says: str
) -> None:
    mistake = refused(text)
    assert (mistake.line, mistake.column) == (line, column)
    assert says in mistake.text
    assert str(mistake).startswith(f"f.yaml:{line}:{column}: ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("true", True),
        ("017", 17),
        ("0o17", 15),
        ("1:30", "1:30"),
        ("~", None),
        ('"123456789012"', "123456789012"),
        ("123456789012", 123456789012),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says(text: str, value: object) -> None:
    found = parse_yaml(f"a: {text}\n", "f.yaml").value["a"]
    assert (found, type(found)) == (value, type(value))


def test_every_value_and_key_knows_its_line_and_column() -> None:
    document = parse_yaml("a:\n  - b: 1\n    c: two\n", "f.yaml")
    assert document.value == {"a": [{"b": 1, "c": "two"}]}
    assert document.mark(("a", 0, "c")) == (3, 8)
    assert document.mark(("a", 0, "c", "")) == (3, 5)
    assert document.mark(("a", 0, "not there")) == (2, 5)


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path, "f.yaml").value == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("a: 1\nb: 日本".encode("shift_jis"), "f.yaml:2:4"),
        ("a: 1\n".encode("utf-16"), "f.yaml:1:1"),
        ("a: 日本 ".encode() + b"\xff\n", "f.yaml:1:7"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused_at_its_first_wrong_byte(tmp_path: Path, raw: bytes, place: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match="is not UTF-8") as caught:
        read_yaml(path, "f.yaml")
    assert str(caught.value).startswith(f"{place}: ")


@pytest.mark.parametrize(("size", "taken"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_a_file_may_have_1_mib_and_no_byte_more(tmp_path: Path, size: int, taken: bool) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\n#".ljust(size, b"x"))
    if taken:
        assert read_yaml(path, "f.yaml").value == {"a": 1}
    else:
        with pytest.raises(ConfigError, match=r"^f.yaml: is larger than 1 MiB \(1048577 bytes\)"):
            read_yaml(path, "f.yaml")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_20_levels_are_read_and_the_21st_is_refused_where_it_begins(opening: str, closing: str) -> None:
    assert parse_yaml(opening * 20 + closing * 20, "f.yaml").value
    mistake = refused(opening * 21 + closing * 21)
    assert (mistake.line, mistake.column) == (1, 20 * len(opening) + 1)
    assert mistake.text == "is nested deeper than 20 levels"


def test_a_million_brackets_are_refused_without_being_built() -> None:
    assert refused("[" * 1_000_000).text == "is nested deeper than 20 levels"


def test_a_file_that_is_not_there_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^f.yaml: cannot be read: No such file"):
        read_yaml(tmp_path / "f.yaml", "f.yaml")


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (Classification, f"version: 1\nkind: {LONG}\n"),
        (Classification, f"version: 1\nkind: classification\n{LONG}: 1\n"),
        (Sources, f"version: 1\nkind: sources\nsources: [{{name: a, provider: {LONG}}}]\n"),
        (Sources, f"version: 1\nkind: sources\nsources: [{{name: a, provider: aws, account: {LONG}}}]\n"),
        (Policy, f"version: 1\nkind: policy\nid: p\ncopies: {{{LONG}: saved}}\n"),
        (Policy, f"version: 1\nkind: policy\nid: p\ntimezone: {LONG}\n"),
        (Exceptions, f"version: {'1' * 18}\nkind: exceptions\nexceptions: [{{rule: a, expires: {LONG}}}]\n"),
    ],
)
def test_no_value_longer_than_80_characters_is_repeated(model: type[Section], text: str) -> None:
    lines = mistakes_of(model, text)
    assert any("x" * 70 in line and "…" in line for line in lines)
    assert not any("x" * 81 in line for line in lines)


@pytest.mark.parametrize(
    "text", [f"a: &{LONG} b", f"a: *{LONG}", f"a: !{LONG} b", f"a: !{LONG}!b c", f"a: <<{LONG}: b"]
)
def test_a_refusal_does_not_repeat_a_long_name(text: str) -> None:
    assert "x" * 81 not in refused(text).text


def test_a_value_is_shown_on_one_line() -> None:
    assert shown("a\nb\x1b[31m") == "'a\\nb\\x1b[31m'"
    assert len(shown(LONG)) == 80
    (line,) = mistakes_of(Classification, 'version: 1\nkind: classification\nvalues: {"a\\nb": nonsense}\n')
    assert "\n" not in line


def test_at_most_20_mistakes_are_printed_and_the_rest_is_counted() -> None:
    text = "version: 1\nkind: classification\n" + "".join(f"unheard{number}: 1\n" for number in range(25))
    lines = mistakes_of(Classification, text)
    assert len(lines) == 21
    assert lines[19].startswith("f.yaml:22:1: ")
    assert lines[20] == "… and 5 more mistakes"


@pytest.mark.parametrize(
    ("model", "text", "says"),
    [
        (
            Classification,
            "version: 1\nkind: classification\nruls: []\n",
            "f.yaml:3:1: unknown key 'ruls': did you mean 'rules'?",
        ),
        (
            Classification,
            "version: 1\nkind: classification\nrules:\n  - match: {id: a, acount: b}\n    data_class: personal\n",
            "f.yaml:4:20: unknown key 'acount': did you mean 'account'?",
        ),
        (
            Sources,
            "version: 1\nkind: sources\nsources:\n  - {name: a, provider: aws, regoins: [b]}\n",
            "f.yaml:4:30: unknown key 'regoins': did you mean 'regions'?",
        ),
        (
            Sources,
            "version: 1\nkind: sources\nsources:\n  - {name: a, provider: file, file: b, qqq: c}\n",
            "f.yaml:4:40: unknown key 'qqq': remove it",
        ),
        (Coverage, "version: 1\nkind: coverage\nscop: {}\n", "f.yaml:3:1: unknown key 'scop': did you mean 'scope'?"),
        (
            Classification,
            "version: 1\nkind: classification\n'': 1\n",
            "f.yaml:3:1: unknown key '': remove it",
        ),
    ],
)
def test_an_unknown_key_is_told_at_its_own_place_with_the_nearest_known_one(
    model: type[Section], text: str, says: str
) -> None:
    assert says in mistakes_of(model, text)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{provider: file, file: b}", "f.yaml:4:5: the key `name` is missing"),
        (
            "{name: 5, provider: file, file: b}",
            "f.yaml:4:12: name: is a number; an id is text: put it in quotes (found 5)",
        ),
        ("{name: a, file: b}", "f.yaml:4:5: the key `provider` is missing"),
        (
            "{name: a, provider: bws}",
            "f.yaml:4:25: provider: is not one of 'aws', 'gcp', 'azure', 'netbox', 'file' (found 'bws')",
        ),
    ],
)
def test_a_mistake_in_a_source_is_told_at_the_value(row: str, says: str) -> None:
    assert mistakes_of(Sources, f"version: 1\nkind: sources\nsources:\n  - {row}\n") == [says]


@pytest.mark.parametrize("text", ["null\n", "[a, b]\n", "word\n", "2026-01-01\n"])
def test_a_file_that_is_no_mapping_is_a_mistake(text: str) -> None:
    (line,) = mistakes_of(Classification, text)
    assert line.startswith("f.yaml:1:1: Input should be a valid dictionary")


def test_a_file_says_its_version_and_kind() -> None:
    assert mistakes_of(Classification, "tag_keys: []\n") == [
        "f.yaml:1:1: the key `version` is missing",
        "f.yaml:1:1: the key `kind` is missing",
    ]
    assert mistakes_of(Classification, "version: 2\nkind: owners\n") == [
        "f.yaml:1:10: version: Input should be 1 (found 2)",
        "f.yaml:2:7: kind: Input should be 'classification' (found 'owners')",
    ]


_WORDS = ["a", "b: ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "&a ", "*a", "!x ", "!!int ", "%YAML 1.2\n", "---\n"]
_MARKS = ["|\n", ">-\n", "? ", ": ", "#", '"', "'", "\\u", "\\ud800", "\\U00110000", "\t", "\ufeff", "\x85", "\u2028"]
_VALUES = [
    "0x",
    "0o",
    "1e9",
    ".inf",
    ".nan",
    "~",
    "<<",
    "=",
    "2026-13-45",
    "2026-01-01",
    "NO",
    "@",
    "`",
    "\r",
    "9" * 30,
]
_FILES = ["version: 1\n", "kind: classification\n", "rules:\n", "match: ", "sources:\n", "provider", "...\n"]
_PIECES = st.sampled_from([*_WORDS, *_MARKS, *_VALUES, *_FILES])
ANY_TEXT = st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=25).map("".join))


def outcome(read: Callable[[], Any]) -> list[str]:
    """The mistakes that were told; anything but a ConfigError fails the test."""
    try:
        read()
    except ConfigError as error:
        return [str(mistake) for mistake in error.mistakes] or ["refused without a word"]
    return []


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT, st.sampled_from([Classification, Sources]))
def test_any_text_whatever_is_read_or_refused(text: str, model: type[Section]) -> None:
    for mistake in outcome(lambda: validate_as(parse_yaml(text, "f.yaml"), model)):
        name, line, column, _ = mistake.split(":", 3)
        assert name == "f.yaml"
        assert 1 <= int(line) <= len(text.splitlines()) + 1
        assert int(column) >= 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_whatever_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    assert all(mistake.startswith("f.yaml:") for mistake in outcome(lambda: read_yaml(path, "f.yaml")))


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.relative_to(SHIPPED).as_posix())
def test_a_shipped_file_says_the_same_read_fast_and_read_strictly(path: Path) -> None:
    strictly = read_yaml(path, path.name)
    assert strictly.marks
    assert read_shipped(path, path.name) == Document(path.name, strictly.value, {})


def test_a_plain_word_of_a_shipped_file_means_what_yaml_1_2_says() -> None:
    text = "[NO, yes, on, 0777, 1_000, 12:30:00, ~, true, -5, 2026-11-22, 1e3, .5]"
    assert load(text.encode()) == [
        *("NO", "yes", "on", "0777", "1_000", "12:30:00"),
        *(None, True, -5, date(2026, 11, 22), "1e3", ".5"),
    ]
