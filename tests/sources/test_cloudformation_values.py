"""What the functions of a template give: a value, or Unknown where only the deployment can tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from residency.clouds.answers import Unknown
from residency.sources.cloudformation import Given, stacks_of
from residency.sources.cloudformation_text import TemplateError, Text, read_text
from residency.sources.cloudformation_values import _FUNCTIONS, ABSENT, MAX_MADE, Deployment, Values

TOKYO = "ap-northeast-1"
UNKNOWN = "unknown"
TEMPLATE = """
Parameters:
  Name: {Type: String, Default: member}
  Chosen: {Type: String}
  Given: {Type: String, Default: no}
  Number: {Type: Number, Default: 7}
  On: {Type: String, Default: yes}
  Empty: {Type: String, Default: ""}
  Regions: {Type: CommaDelimitedList, Default: "eu-west-1, eu-west-2"}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>", Default: "subnet-1,subnet-2"}
  Fetched: {Type: "AWS::SSM::Parameter::Value<String>", Default: /region}
  FetchedList: {Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /regions}
  PathOnly: {Type: "AWS::SSM::Parameter::Name", Default: /region}
  Secret: {Type: String, Default: hunter2, NoEcho: true}
  SecretText: {Type: String, Default: hunter2, NoEcho: "true"}
  Later: {Type: String, Default: "{{resolve:ssm:/region}}"}
  LaterList: {Type: CommaDelimitedList, Default: "a,{{resolve:ssm:/region}}"}
  Choice: {Type: String, AllowedValues: [us-east-1, us-west-2]}
  Broken: text
Mappings:
  Map:
    ap-northeast-1: {Copy: eu-central-1, List: [a, b], Later: "{{resolve:ssm:/x}}", 7: seven}
    us-east-1: {Copy: us-west-2}
    member: {Copy: ap-northeast-3}
  Macro:
    Fn::Transform: {Name: AWS::Include}
Conditions:
  Holds: !Equals [!Ref Name, member]
  Fails: !Equals [!Ref Name, nobody]
  Perhaps: !Equals [!Ref Chosen, x]
  Itself: !Condition Itself
  This: !Not [!Condition That]
  That: !Not [!Condition This]
  AsText: "true"
  Null:
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Key: {Type: AWS::KMS::Key}
"""


def told(value: Any) -> Any:
    """A value in a form that can be compared: what is not known with what it will or may name."""
    if isinstance(value, Unknown):
        return " ".join([UNKNOWN, *([value.refers_to] if value.refers_to else value.one_of)])
    if value is ABSENT:
        return "absent"
    if isinstance(value, dict):
        return {key: told(item) for key, item in value.items()}
    return [told(item) for item in value] if isinstance(value, list) else value


def values(template: str = TEMPLATE, **more: Any) -> Values:
    deployment = {"region": TOKYO, "stack": "app", "parameters": {"Given": "yes"}} | more
    return Values(read_text(template, "t").value, Deployment(**deployment))


def of(written: str, **more: Any) -> Any:
    return told(values(**more).of(read_text(f"v: {written}\n", "t").value)["v"])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!Ref Name", "member"),
        ("!Ref Given", "yes"),
        ("!Ref Chosen", UNKNOWN),
        ("!Ref Choice", UNKNOWN),  # what it might be is no deployment
        ("!Ref Number", "7"),
        ("!Ref On", "true"),
        ("!Ref Empty", ""),
        ("!Ref Regions", ["eu-west-1", "eu-west-2"]),
        ("!Ref Subnets", ["subnet-1", "subnet-2"]),
        ("!Ref Fetched", UNKNOWN),
        ("!Ref FetchedList", UNKNOWN),
        ("!Ref PathOnly", "/region"),
        ("!Ref Secret", UNKNOWN),
        ("!Ref SecretText", UNKNOWN),
        ("!Ref Later", UNKNOWN),
        ("!Ref LaterList", UNKNOWN),
        ("!Ref Broken", UNKNOWN),
        ("!Ref Missing", UNKNOWN),
        ("!Ref Bucket", f"{UNKNOWN} Bucket"),
        ("!Ref AWS::Region", TOKYO),
        ("!Ref AWS::StackName", "app"),
        ("!Ref AWS::AccountId", UNKNOWN),
        ("!Ref AWS::Partition", UNKNOWN),
        ("!Ref AWS::StackId", UNKNOWN),
        ("!Ref AWS::URLSuffix", UNKNOWN),
        ("!Ref AWS::NotificationARNs", UNKNOWN),
        ("!Ref AWS::Nothing", UNKNOWN),
        ("!Ref [Name]", UNKNOWN),
        ("!GetAtt Bucket.Arn", f"{UNKNOWN} Bucket"),
        ("!GetAtt [Bucket, Website, Url]", f"{UNKNOWN} Bucket"),
        ("!GetAtt [Bucket, !Ref Name]", f"{UNKNOWN} Bucket"),
        ("{Fn::GetAtt: Bucket.Arn}", f"{UNKNOWN} Bucket"),
        ("!GetAtt Missing.Arn", UNKNOWN),
        ("!GetAtt Name.Arn", UNKNOWN),
        ("!GetAtt Bucket", UNKNOWN),
        ("!GetAtt Bucket.Outputs.Name", f"{UNKNOWN} Bucket"),
        ("!ImportValue x", UNKNOWN),
        ('!GetAZs ""', UNKNOWN),
        ("!Base64 x", UNKNOWN),
        ("!Transform {Name: AWS::Include}", UNKNOWN),
        ("!Nonsense x", UNKNOWN),
        ("{Fn::Transform: {Name: AWS::Include}, Region: eu-west-1}", UNKNOWN),
        ("{'Fn::ForEach::L': [X, [a], {}], Region: eu-west-1}", UNKNOWN),
        ("{Ref: Name, Other: 1}", {"Ref": "Name", "Other": 1}),
        ("{Condition: {Bool: x}}", {"Condition": {"Bool": "x"}}),
        ("text", "text"),
        ("7", 7),
        ("null", None),
    ],
)
def test_a_reference_gives_what_is_written_or_names_what_is_not_known_yet(written: str, value: Any) -> None:
    assert of(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('!Sub "${Name}-${AWS::Region}"', f"member-{TOKYO}"),
        ('!Sub "no hole"', "no hole"),
        ('!Sub "${ Name }"', "member"),
        ('!Sub "${!Name} ${Name}"', "${Name} member"),
        ('!Sub "${!Name}"', "${Name}"),
        ('!Sub ["${A}-${Name}", {A: !Ref Given}]', "yes-member"),
        ('!Sub ["${A}${B}", {A: "${!x}", B: b}]', "${!x}b"),  # what fills a hole is not read again
        ('!Sub ["${Name}", {Name: 7}]', 7),
        ('!Sub ["${A}-x", {A: true}]', "true-x"),
        ('!Sub "${Bucket}"', f"{UNKNOWN} Bucket"),
        ('!Sub "${Bucket.Arn}"', f"{UNKNOWN} Bucket"),
        ('!Sub "${Bucket.Arn}/*"', f"{UNKNOWN} Bucket"),
        ('!Sub "${Bucket}${Key}${Name}"', f"{UNKNOWN} Bucket Key"),
        ('!Sub "${Chosen}-x"', UNKNOWN),
        ('!Sub "${Secret}"', UNKNOWN),
        ('!Sub "${Regions}-x"', UNKNOWN),  # a list is no text
        ('!Sub "${AWS::NoValue}-x"', UNKNOWN),
        ('!Sub "{{resolve:ssm:/${Name}}}"', UNKNOWN),
        ('!Sub ["${A}${B}", {A: "{{res", B: "olve:ssm:/x}}"}]', UNKNOWN),
        ("!Sub [x]", UNKNOWN),
        ("!Sub {a: b}", UNKNOWN),
        ('!Sub ["${Name}", x]', "member"),
        ('!Join ["-", [a, !Ref Name, 7, true]]', "a-member-7-true"),
        ('!Join ["", []]', ""),
        ('!Join [",", !Ref Regions]', "eu-west-1,eu-west-2"),
        ('!Join ["", [a, !Ref AWS::NoValue, b]]', "ab"),
        ('!Join ["", ["arn:aws:s3:::", !Ref Bucket, !Ref Key]]', f"{UNKNOWN} Bucket Key"),
        ('!Join ["", ["{{resolve:secretsmanager:", !Ref Name, "}}"]]', UNKNOWN),
        ('!Join ["", ["{{", "resolve:ssm:/x}}"]]', UNKNOWN),
        ('!Join ["", [[a]]]', UNKNOWN),
        ("!Join [a]", UNKNOWN),
        ("!Join [!Ref Name, [a, b]]", UNKNOWN),
        ("!Select [0, [a, b]]", "a"),
        ('!Select ["1", [a, b]]', "b"),
        ("!Select [1, !Ref Regions]", "eu-west-2"),
        ("!Select [-1, [a, b]]", UNKNOWN),
        ("!Select [2, [a, b]]", UNKNOWN),
        ("!Select [.inf, [a, b]]", UNKNOWN),
        ("!Select [x, [a, b]]", UNKNOWN),
        ("!Select [0, text]", UNKNOWN),
        ("!Select [0, {a: b}]", UNKNOWN),
        ("!Select [0, !GetAZs x]", UNKNOWN),
        ("!Select [0, [!Ref Bucket]]", f"{UNKNOWN} Bucket"),
        ("!Select [!Ref Chosen, [!Ref Bucket, !Ref Key]]", f"{UNKNOWN} Bucket Key"),
        ('!Split [",", "a,b"]', ["a", "b"]),
        ('!Split ["", "a,b"]', UNKNOWN),
        ('!Split [",", !Ref Chosen]', UNKNOWN),
        ('!Split [",", [a]]', UNKNOWN),
        ('!Split [",", "a,{{resolve:ssm:/x}}"]', UNKNOWN),
        ("!FindInMap [Map, !Ref AWS::Region, Copy]", "eu-central-1"),
        ("!FindInMap [Map, !Ref Name, Copy]", "ap-northeast-3"),
        ("!FindInMap [Map, ap-northeast-1, 7]", "seven"),
        ("!FindInMap [Map, ap-northeast-1, List]", ["a", "b"]),
        ("!FindInMap [Map, ap-northeast-1, Later]", UNKNOWN),
        ("!FindInMap [Map, !Ref Chosen, Copy]", UNKNOWN),
        ("!FindInMap [Map, !Ref Chosen, Copy, {DefaultValue: x}]", UNKNOWN),
        ("!FindInMap [Map, nowhere, Copy]", UNKNOWN),
        ("!FindInMap [Map, nowhere, Copy, {DefaultValue: !Ref Name}]", "member"),
        ("!FindInMap [Missing, a, b, {DefaultValue: x}]", "x"),
        ("!FindInMap [Macro, a, b]", UNKNOWN),
        ("!FindInMap [Map, a]", UNKNOWN),
        ("!FindInMap [[Map], {a: b}, c]", UNKNOWN),
        ('"{{resolve:secretsmanager:x:SecretString:p}}"', UNKNOWN),
        ('"a {{resolve:ssm:/x}} b"', UNKNOWN),
    ],
)
def test_a_text_is_known_when_all_of_its_parts_are(written: str, value: Any) -> None:
    assert of(written) == value


@pytest.mark.parametrize("name", ["AWS::Region", "AWS::AccountId", "AWS::StackName"])
def test_what_nobody_says_of_a_deployment_is_not_known(name: str) -> None:
    assert of(f"!Ref {name}", region=None, account=None, stack="") == UNKNOWN


# --- conditions -----------------------------------------------------------------------------------

T, F, U = True, False, UNKNOWN
TERMS = {T: "!Condition Holds", F: "!Condition Fails", U: "!Condition Perhaps"}


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [(T, T, T, T), (T, F, F, T), (T, U, U, T), (F, F, F, F), (F, U, F, U), (U, U, U, U)],
)
def test_conditions_know_three_values(one: Any, other: Any, both: Any, either: Any) -> None:
    for pair in ((one, other), (other, one)):
        terms = ", ".join(TERMS[term] for term in pair)
        assert of(f"!And [{terms}]") == both
        assert of(f"!Or [{terms}]") == either
        assert of(f"!Not [!And [{terms}]]") == (U if both == U else not both)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('!Equals [!Ref Number, "7"]', True),
        ("!Equals [!Ref On, true]", True),
        ("!Equals [!Ref Name, Member]", False),
        ("!Equals [a, !Ref Chosen]", UNKNOWN),
        ("!Equals [!Ref Secret, hunter2]", UNKNOWN),
        ("!Equals [a]", UNKNOWN),
        ("!Equals [null, null]", UNKNOWN),
        ("!Equals x", UNKNOWN),
        ("!And []", UNKNOWN),
        ("!And x", UNKNOWN),
        ("!Or []", UNKNOWN),
        ("!Not []", UNKNOWN),
        ("!Not [!Condition Holds, !Condition Holds]", UNKNOWN),
        ("!Not [a]", UNKNOWN),
        ('!Or ["true", !Condition Fails]', UNKNOWN),
        ("!If [Holds, a, b]", "a"),
        ("!If [Fails, a, b]", "b"),
        ("!If [Perhaps, a, b]", UNKNOWN),
        ("!If [Perhaps, a, a]", "a"),
        ("!If [Perhaps, !Ref Bucket, !Ref Key]", f"{UNKNOWN} Bucket Key"),
        ("!If [Perhaps, !Ref Bucket, !Ref AWS::NoValue]", f"{UNKNOWN} Bucket"),
        ("!If [Perhaps, {Region: eu-west-1}, !Ref AWS::NoValue]", UNKNOWN),
        ("!If [yes, a, b]", UNKNOWN),  # no name, but YAML's word for true
        ("!If [Missing, a, b]", UNKNOWN),
        ("!If [Itself, a, b]", UNKNOWN),
        ("!If [This, a, b]", UNKNOWN),
        ("!If [AsText, a, b]", UNKNOWN),
        ("!If [Null, a, b]", UNKNOWN),
        ("!If [[Holds], a, b]", UNKNOWN),
        ("!If [Holds, a]", UNKNOWN),
        ("!If [Holds, !If [Fails, a, !Ref Name], b]", "member"),
    ],
)
def test_a_choice_is_made_only_by_a_condition_that_can_be_told(written: str, value: Any) -> None:
    assert of(written) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("[a, !Ref AWS::NoValue, b]", ["a", "b"]),
        ("{A: !Ref AWS::NoValue, B: b}", {"B": "b"}),
        ("[!If [Fails, a, !Ref AWS::NoValue]]", []),
        ("[!If [Perhaps, a, !Ref AWS::NoValue]]", [UNKNOWN]),
    ],
)
def test_no_value_takes_out_an_element_and_a_property(written: str, value: Any) -> None:
    assert of(written) == value


def test_no_value_as_a_whole_property_takes_it_out() -> None:
    assert told(values().of({"Ref": "AWS::NoValue"})) == "absent"


# --- it ends --------------------------------------------------------------------------------------


def test_a_chain_of_conditions_each_naming_the_next_twice_ends() -> None:
    chain: dict[str, Any] = {
        f"C{n}": {"Fn::And": [{"Condition": f"C{n + 1}"}, {"Condition": f"C{n + 1}"}]} for n in range(60)
    }
    chain["C60"] = {"Fn::Equals": ["a", "a"]}
    known = Values({"Conditions": chain}, Deployment())
    assert known.condition("C30") is True
    assert isinstance(Values({"Conditions": chain}, Deployment()).condition("C0"), bool | Unknown)


@pytest.mark.unmeasured  # the same lines hundreds of thousands of times
@pytest.mark.parametrize("function", ["Fn::Sub", "Fn::Join"])
@pytest.mark.parametrize("text", ["", "x" * 100])
def test_functions_that_double_a_text_at_each_level_end(function: str, text: str) -> None:
    value: Any = text
    for _ in range(40):
        double = ["${a}${a}", {"a": value}] if function == "Fn::Sub" else ["", [value, value]]
        value = {function: double}
    assert isinstance(Values({}, Deployment()).of(value), Unknown)


def test_what_names_a_large_list_again_and_again_ends() -> None:
    parameters = {"L": {"Type": "CommaDelimitedList", "Default": f"{'x' * 99}," * (MAX_MADE // 1000)}}
    found = Values({"Parameters": parameters}, Deployment()).of([{"Ref": "L"}] * 100)
    assert isinstance(found[0], list)
    assert isinstance(found[-1], Unknown)


def test_holes_that_do_not_close_cost_no_more_than_the_text() -> None:
    text = "${" * 500_000
    assert Values({}, Deployment()).of({"Fn::Sub": text}) == text


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "Name", "Bucket.Arn", "${Name}"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*_FUNCTIONS, "Name", "Fn::Transform", "DefaultValue"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@pytest.mark.unmeasured
@given(function=st.sampled_from(sorted(_FUNCTIONS)), argument=ANY)
@settings(max_examples=400, deadline=None)
def test_any_argument_of_any_function_gives_a_value_or_unknown(function: str, argument: Any) -> None:
    found = values().of({"v": {function: argument}})
    assert isinstance(found, dict)
    assert "hunter2" not in repr(found)


SECTIONS = ("Resources", "Parameters", "Conditions", "Mappings", "Transform", "Outputs", "Globals")
ROWS = st.dictionaries(
    st.sampled_from(["Name", "Bucket", "Fn::ForEach::L", "Fn::Transform"]),
    ANY
    | st.fixed_dictionaries(
        {
            "Type": st.sampled_from(["AWS::S3::Bucket", "AWS::CloudFormation::StackSet", "AWS::CloudFormation::Stack"])
            | ANY,
            "Properties": ANY,
        }
    ),
    max_size=3,
)


@pytest.mark.unmeasured
@given(document=st.dictionaries(st.sampled_from(SECTIONS), ROWS | ANY, max_size=5))
@settings(max_examples=400, deadline=None)
def test_any_document_is_read_as_a_template_or_refused(document: dict[str, Any]) -> None:
    text = Text(json.loads(json.dumps(document)))
    said: Any
    try:
        said = stacks_of(text, "t.yaml", Given(TOKYO, "s", {}))
    except TemplateError as error:
        said = error
    assert said
    assert not isinstance(said, TemplateError) or str(said).startswith("t.yaml")
