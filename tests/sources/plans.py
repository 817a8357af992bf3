"""Plans for the tests: the recorded ones, small ones in their shape, and what the reader makes of them as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from residency.model import CellResult, Copy, Edge, Place, Store
from residency.policy.load import Config, load_config
from residency.shipped import shipped_config
from residency.sources import templates, terraform

PLANS = Path(__file__).parent.parent / "data" / "plans"
TOKYO, SINGAPORE = "ap-northeast-1", "ap-southeast-1"
Block = dict[str, Any]


@cache
def _config() -> Config:
    return load_config(shipped_config())


def printed(name: str) -> Block:
    """A plan of tests/data/plans as Terraform printed it."""
    document: Block = json.loads((PLANS / f"{name}.json").read_bytes())
    return document


def recorded(name: str) -> Block:
    """The same, to be changed at will: without the endpoints of the emulator, by which it makes nothing in AWS."""
    document = printed(name)
    for provider in document["configuration"]["provider_config"].values():
        provider["expressions"].pop("endpoints", None)
    return document


class Read:
    """What the reader made of a plan."""

    def __init__(self, document: Mapping[str, Any], region: str | None = None, stack: str = "s") -> None:
        config = _config()
        context = templates.Context(
            stack, config.atlas, config.holds, config.local_providers, config.regionless, region
        )
        self.records: list[Store | Edge] = []
        self.result: CellResult = terraform.read_plan(
            document, terraform.cell_of("plan.json"), context, self.records.append
        )
        self.stores = {str(r.address): r for r in self.records if isinstance(r, Store)}
        self.edges = [f"{r.source} -> {r.target}{' former' * r.former}" for r in self.records if isinstance(r, Edge)]

    def place(self, address: str) -> str:
        """Where the primary of a store stands, or why that is not known."""
        return where(self.stores[address].copies[0])

    def told(self, address: str) -> list[str]:
        """A store as lines: what it is, then each of its copies."""
        store = self.stores[address]
        return [f"{store.id} {store.kind} {store.tags}", *(_line(copy) for copy in store.copies)]


def read(name: str, **more: Any) -> Read:
    return Read(recorded(name), **more)


def where(copy: Copy) -> str:
    if copy.place:
        return str(copy.place)
    return " or ".join(sorted(map(str, copy.candidates))) or str(copy.why)


def _line(copy: Copy) -> str:
    words = [copy.role.value, where(copy)]
    words += [copy.state.value] if copy.state != "planned" else []
    words += ["former"] if copy.former else []
    words += [f"held by {copy.holder}"] if copy.holder else []
    words += [f"of {copy.account}"] if copy.account else []
    if copy.control:
        words += [f"grade {copy.control.grade}", *copy.control.modifiers]
        words += [f"by {copy.control.key}"] if copy.control.key else []
        words += [f"in {copy.control.key_place}"] if isinstance(copy.control.key_place, Place) else []
    said = copy.said_by[0]
    return f"{' '.join(words)} <- {said.field} of {said.at}"


# --- small plans in the shape that Terraform prints -------------------------------------------


def refer(*references: str) -> Block:
    return {"references": list(references)}


def constant(value: Any) -> Block:
    return {"constant_value": value}


def a_resource(address: str, after: Block, unknown: Any = None, expressions: Block | None = None, **more: Any) -> Block:
    """One change with its configuration. `more`: `key` of the provider, `config` for its other words, `change`."""
    name = address.rpartition("[")[0] if address.endswith("]") else address
    is_data = name.startswith("data.")
    kind = name.split(".")[1 if is_data else 0]
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": unknown or {}}
    return {
        "change": {
            "address": address,
            "mode": "data" if is_data else "managed",
            "type": kind,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": change | more.get("change", {}),
        },
        "config": {
            "address": name,
            "type": kind,
            "provider_config_key": more.get("key", "aws"),
            "expressions": expressions or {},
        }
        | more.get("config", {}),
    }


def a_provider(region: Any = TOKYO, **more: Any) -> Block:
    expressions = {"region": region if isinstance(region, dict) else constant(region)}
    return {
        "name": "aws",
        "full_name": "registry.terraform.io/hashicorp/aws",
        "expressions": {} if region is None else expressions,
    } | more


def a_plan(*resources: Block, providers: Block | None = None, **more: Any) -> Block:
    """A whole plan; `root` adds to its root module's configuration."""
    configs = {resource["config"]["address"]: resource["config"] for resource in resources}
    root = {"resources": list(configs.values())} | more.pop("root", {})
    return {
        "format_version": "1.2",
        "resource_changes": [resource["change"] for resource in resources],
        "configuration": {
            "provider_config": {"aws": a_provider()} if providers is None else providers,
            "root_module": root,
        },
    } | more


BUCKET_UNKNOWN = dict.fromkeys(
    ("arn", "id", "region", "replication_configuration", "server_side_encryption_configuration", "tags_all"), True
)


def a_bucket(address: str, name: str | None = None, **more: Any) -> Block:
    """A new bucket as provider 5 plans it; without a name it has a prefix."""
    after: Block = {"tags": None} | ({"bucket": name} if name else {"bucket_prefix": "x-"})
    unknown = BUCKET_UNKNOWN | ({} if name else {"bucket": True})
    expressions = {"bucket": constant(name)} if name else {"bucket_prefix": constant("x-")}
    return a_resource(
        address,
        after | more.pop("after", {}),
        unknown | more.pop("unknown", {}),
        expressions | more.pop("expressions", {}),
        **more,
    )


def a_replication(address: str, bucket: Any, destination: Any, status: str = "Enabled", **more: Any) -> Block:
    """A replication companion with one rule; an expression stands for a value that is not known yet."""
    after: Block = {"rule": [{"status": status, "destination": [{}]}]}
    unknown: Block = {"id": True, "rule": [{"id": True, "destination": [{}]}]}
    rule: Block = {"status": constant(status), "destination": [{}]}
    expressions: Block = {"rule": [rule]}
    ends = (
        (bucket, after, unknown, expressions),
        (destination, after["rule"][0]["destination"][0], unknown["rule"][0]["destination"][0], rule["destination"][0]),
    )
    for value, known, not_known, written in ends:
        if isinstance(value, dict):
            not_known["bucket"], written["bucket"] = True, value
        else:
            known["bucket"], written["bucket"] = value, constant(value)
    return a_resource(address, after, unknown, expressions, **more)
