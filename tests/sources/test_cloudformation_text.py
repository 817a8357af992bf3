"""What a template says as YAML and as JSON, where its resources stand, and what is refused instead of guessed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from residency.sources.cloudformation_text import MAX_BYTES, MAX_DEPTH, TemplateError, read_text

MIB = 1024 * 1024


def value_of(text: str) -> Any:
    return read_text(text, "t").value


def refusal_of(text: str) -> str:
    with pytest.raises(TemplateError) as refused:
        read_text(text, "t.yaml")
    return str(refused.value)


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Bucket", {"Ref": "Bucket"}),
        ("!Ref AWS::NoValue", {"Ref": "AWS::NoValue"}),
        ("!GetAtt Bucket.Arn", {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ("!GetAtt [Bucket, Arn]", {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ("!GetAtt Inner.Outputs.Name", {"Fn::GetAtt": ["Inner", "Outputs.Name"]}),
        ('!Sub "${A}-b"', {"Fn::Sub": "${A}-b"}),
        ('!Sub ["${A}-b", {A: !Ref C}]', {"Fn::Sub": ["${A}-b", {"A": {"Ref": "C"}}]}),
        ('!Join ["-", [a, !Ref B]]', {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
        ('!Select [0, !Split [",", "a,b"]]', {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}),
        ("!FindInMap [M, !Ref R, c]", {"Fn::FindInMap": ["M", {"Ref": "R"}, "c"]}),
        ("!If [C, a, b]", {"Fn::If": ["C", "a", "b"]}),
        ("!Not [!Condition C]", {"Fn::Not": [{"Condition": "C"}]}),
        ("!And [!Equals [a, b], !Or [!Condition C, !Condition D]]", None),
        ("!ImportValue name", {"Fn::ImportValue": "name"}),
        ('!GetAZs ""', {"Fn::GetAZs": ""}),
        ("!Cidr [10.0.0.0/16, 6, 8]", {"Fn::Cidr": ["10.0.0.0/16", 6, 8]}),
        ("!Base64 text", {"Fn::Base64": "text"}),
        ("!Transform {Name: AWS::Include}", {"Fn::Transform": {"Name": "AWS::Include"}}),
        ("{Fn::Sub: x}", {"Fn::Sub": "x"}),
        ("!Ref 012", {"Ref": "012"}),
    ],
)
def test_the_short_form_of_a_function_is_its_long_form(short: str, long: Any) -> None:
    read = value_of(f"a: {short}\n")["a"]
    assert read == (long or read)
    assert value_of(json.dumps({"a": read})) == {"a": read}  # JSON says the same
    assert value_of(f"a:\n  {short}\n")["a"] == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", False),
        ("Yes", True),
        ("off", False),
        ('"no"', "no"),
        ("2010-09-09", "2010-09-09"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("7", 7),
        ('"7"', "7"),
        ("1.5", 1.5),
        ("0x1F", 31),
        ("0x" + "f" * 40, "0x" + "f" * 40),
        ("~", None),
        ("", None),
        ("!!str 7", "7"),
        ("!!binary aGk=", "aGk="),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"),
        ("one\n  two", "one two"),
        ("arn:aws:s3:::b", "arn:aws:s3:::b"),
    ],
)
def test_a_scalar_is_what_yaml_1_1_says_and_a_date_is_text(written: str, read: Any) -> None:
    assert value_of(f"a: {written}\n") == {"a": read}


def test_a_key_is_text_and_may_be_named_like_a_function_or_a_number() -> None:
    read = value_of("on: 1\n012: 2\nRef: {Sub: x}\nno: 3\n")
    assert read == {"on": 1, "012": 2, "Ref": {"Sub": "x"}, "no": 3}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_no_value(text: str) -> None:
    assert value_of(text) is None


@pytest.mark.parametrize(("text", "value"), [("- a\n- b\n", ["a", "b"]), ("just text", "just text"), ("[]", [])])
def test_a_list_and_a_scalar_are_read_as_what_they_are(text: str, value: Any) -> None:
    assert read_text(text, "t").value == value
    assert read_text(text, "t").lines == {}


# --- lines ----------------------------------------------------------------------------------------

YAML = """Parameters:
  Bucket: {Type: String}
Outputs:
  Bucket: {Value: Bucket}
Resources:
  # Bucket: here it is not
  Policy:
    Properties: {Bucket: !Ref Bucket}

  Bucket:
    Type: AWS::S3::Bucket
"""
JSON = r"""{
	"Description": "\"Resources\": {\"Bucket\": 1}",
	"Metadata": {"Resources": {"Bucket": 1}},
	"Parameters": {"Bucket": {"Type": "String"}},
	"Outputs": {
		"Bucket": {"Value": "Bucket"}
	},
	"Resources": {
		"Policy": {
			"Properties": {"Bucket": {"Ref": "Bucket"}}
		},
		"Bucket"
		: {"Type": "AWS::S3::Bucket"},
		"A\u0042": {}
	}
}"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_resource_stands_where_its_own_key_stands(ending: str) -> None:
    assert read_text(YAML.replace("\n", ending), "t").lines == {"Policy": 7, "Bucket": 10}
    assert read_text(JSON.replace("\n", ending), "t").lines == {"Policy": 9, "Bucket": 12, "AB": 14}


@pytest.mark.parametrize("text", ['{"Resources": []}', '{"Resources": {}}', '{"a": {"Resources": {"b": 1}}}'])
def test_a_text_without_resources_has_no_lines(text: str) -> None:
    assert read_text(text, "t").lines == {}


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "t.yaml:2: CloudFormation knows no YAML aliases"),
        ("a:\n  <<: {b: 1}\n", "t.yaml:2: CloudFormation knows no merge keys"),
        ("a: 1\nb: 2\na: 3\n", "t.yaml:3: the key 'a' stands twice"),
        ("a:\n  b: {c: 1, c: 2}\n", "t.yaml:2: the key 'c' stands twice"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "t.yaml: the key 'c' stands twice"),
        ("a: 1\nb: [\n", "t.yaml:3:1: is not YAML"),
        ("a: 1\n\tb: 2\n", "t.yaml:2:1: is not YAML"),
        ("a: 'x\n", "is not YAML"),
        ("a: 1\n---\nb: 1\n", "is not YAML"),
        ('{\n "a": 1,\n}', "is not JSON"),
        ("{a: 1}x", "is not JSON"),
        ("a: 1\nb: \x00\n", "t.yaml:2: is not YAML: it holds a control character"),
        ('{"a": "\x01"}', "t.yaml:1:8: is not JSON"),
        ("? [a, b]\n: c\n", "t.yaml:1: a key is no text"),
        ("a: {{resolve:ssm:x}}\n", "t.yaml:1: a key is no text"),  # without quotes it is a mapping
        ("a: 1\n!Ref b: c\n", "t.yaml:2: a key is no text"),
        ("a: !!int x\n", "is not YAML"),
        ("a: !!bool x\n", "is not YAML"),
        ("a: !!python/object:os.system x\n", None),
        ("[" * 200, f"t.yaml:1: is nested deeper than {MAX_DEPTH} levels"),
        ("- " * 200 + "a", f"nested deeper than {MAX_DEPTH}"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", f"nested deeper than {MAX_DEPTH}"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "t.yaml"),
        ("a: " + "x" * MAX_BYTES, "is larger than 5 MiB"),
        ('{"a": ' + "9" * 5000 + "}", "is not JSON"),
    ],
)
def test_what_cloudformation_does_not_take_is_refused_with_its_line(text: str, said: str | None) -> None:
    if said is None:
        assert value_of(text) == {"a": "x"}  # a tag of another language makes nothing: it is text
    else:
        assert said in refusal_of(text)


def test_what_is_not_too_deep_is_read() -> None:
    lists = MAX_DEPTH - 1
    assert value_of(f'{{"a": {"[" * lists}{"]" * lists}}}') == value_of(f"a: {'[' * lists}{']' * lists}\n")


def test_a_refusal_names_no_value_of_the_file() -> None:
    assert "hunter2" not in refusal_of('{"Password": "hunter2" x}')
    assert "hunter2" not in refusal_of("Password: hunter2: x\n")


@pytest.mark.parametrize(
    "text",
    [
        "[" * MIB,
        "a: [" + "[], " * (MIB // 20) + "]",
        "a: " + "x" * MIB,
        "a: " + "x " * (MIB // 2),
        "a: " + "x\n  " * (MIB // 8),
        "a: '" + "x" * MIB,
        'a: "' + "\\n" * (MIB // 2) + '"',
        "{{" * (MIB // 2),
        "? " * (MIB // 2),
        "- " * (MIB // 2),
        "!" * MIB,
        "&" * MIB,
        "#" * MIB,
        "\n" * MIB,
        " " * MIB,
        "a: |\n" + " x\n" * (MIB // 4),
        '{"a": "' + "\\" * MIB,
        '{"a": "' + '\\"' * (MIB // 2) + '"}',
        '{"a"' + " " * MIB + ": 1}",
        '{"Resources": {' + ",".join(f'"r{n}": 1' for n in range(MIB // 10)) + "}}",
        "Resources:\n" + "".join(f"  r{n}:\n" for n in range(MIB // 50)),
    ],
    ids=lambda text: re.sub(r"\W", ".", text[:12]),
)
@pytest.mark.unmeasured  # a megabyte, character by character
def test_a_hostile_text_ends_in_a_value_or_in_a_refusal(text: str) -> None:
    said: Any
    try:
        said = read_text(text, "t.yaml").value
    except TemplateError as error:
        said = error
    assert said is None or isinstance(said, dict | list | str | TemplateError)
    assert not isinstance(said, TemplateError) or (str(said).startswith("t.yaml") and len(str(said)) < 500)
