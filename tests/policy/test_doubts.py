from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.policy.doubts import doubts
from tests.build import TODAY, a_config

MEMBERS = "AT, BE, BG, HR, CY, CZ, DK, EE, FI, FR, DE, GR, HU, IE, IT, LV, LT, LU, MT, NL, PL, PT, RO, SK, SI, ES, SE"
PARTS = "AX, GP, GF, MQ, MF, RE, YT"


def a_policy(countries: str, also: str = PARTS, as_of: str = "2026-11-22") -> str:
    union = f"{{id: EU, name: {{en: EU, ja: EU}}, countries: [{countries}], also: [{also}], as_of: {as_of}}}"
    return f"version: 1\nkind: policy\nid: own\njurisdictions:\n  - {union}\nlocation: {{allow: [EU]}}\n"


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (a_policy(MEMBERS), []),
        (a_policy(f"{MEMBERS}, NO"), ["holds Norway (NO), which is not in the EU on 2026-11-22"]),
        (a_policy(f"{MEMBERS}, GB"), ["holds United Kingdom (GB), which is not in the EU on 2026-11-22"]),
        (a_policy(f"{MEMBERS}, GB", as_of="2019-06-01"), []),
        (a_policy(MEMBERS.replace("SE", "NO")), [
            "holds Norway (NO), which is not in the EU on 2026-11-22",
            "lacks Sweden (SE), which is in the EU on 2026-11-22",
        ]),
        (a_policy(MEMBERS, also="AX, GP, GF, MQ, MF, RE"), ["lacks Mayotte (YT), which is in the EU on 2026-11-22"]),
        (a_policy(MEMBERS, as_of="2012-01-01"), ["holds Croatia (HR), which is not in the EU on 2012-01-01",
                                                 "holds Mayotte (YT), which is not in the EU on 2012-01-01",
                                                 "lacks United Kingdom (GB), which is in the EU on 2012-01-01"]),
    ],
)  # fmt: skip
def test_a_union_that_is_not_the_union_is_named(tmp_path: Path, policy: str, says: list[str]) -> None:
    config = a_config(tmp_path, policy=policy)
    found = [text.removeprefix("policy own: the jurisdiction EU ") for text in doubts(config.policy, TODAY)]
    assert sorted(found) == sorted(says)


def test_validate_says_it_and_does_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_config(tmp_path, policy=a_policy(f"{MEMBERS}, CH"))
    assert run_cli(cli, ["validate", "-c", str(tmp_path)]) == 0
    assert "note: policy own: the jurisdiction EU holds Switzerland (CH)" in capsys.readouterr().err


def test_the_shipped_policy_raises_no_doubt(tmp_path: Path) -> None:
    assert list(doubts(a_config(tmp_path).policy, date(2026, 11, 22))) == []
