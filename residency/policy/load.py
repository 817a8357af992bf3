"""Reads a config directory over the shipped defaults into one `Config`."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from residency.atlas import Atlas, AtlasError, Entry, read_entries
from residency.countries import countries
from residency.policy.matching import Names, matches
from residency.policy.models import (
    Classification,
    Coverage,
    Exceptions,
    Operator,
    Operators,
    Owners,
    Policy,
    Source,
    Sources,
    unique_ids,
)
from residency.policy.reader import ConfigError, Document, Mistake, read_yaml, validate_as
from residency.policy.vendor import Vendor
from residency.shipped import shipped_config

M = TypeVar("M", bound=BaseModel)

FILES = ["policy.yaml", "sources.yaml", "classification.yaml", "coverage.yaml", "exceptions.yaml", "owners.yaml"]
ROW_FILES = ("operators.yaml", "kinds.csv", "places.csv")
# The shipped directory holds these beside what a config may hold.
SHIPPED_ONLY = ("countries.csv", "demo")


@dataclass
class Config:
    """Everything that a judgement needs besides the facts and the day."""

    folder: str
    policies: list[Policy]  # the first is policy.yaml, the rest apply to what they match
    policy_sha256: dict[str, str]  # policy id -> sha256 of its file
    sources: tuple[Source, ...]
    classification: Classification
    coverage: Coverage
    exceptions: Exceptions
    owners: Owners
    vendors: dict[str, Vendor]
    operators: dict[str, Operator]
    local_providers: frozenset[str]
    terraform_operators: dict[str, str]
    kinds: dict[str, str]
    atlas: Atlas
    sha256: str
    replaced: list[str] = field(default_factory=list)  # shipped facts that this config overrides, and why

    @property
    def policy(self) -> Policy:
        return self.policies[0]

    @cached_property
    def vendor_of_operator(self) -> dict[str, Vendor]:
        """Operator id -> the vendor record that answers for it."""
        return {operator: vendor for vendor in self.vendors.values() for operator in vendor.operates}

    def holds(self, kind: str) -> str:
        """What a kind holds; a kind that nobody listed counts as data."""
        return self.kinds.get(kind, "data")

    def policy_for(self, names: Names) -> Policy:
        """The policy that judges a thing. ConfigError when two claim it."""
        special = [p for p in self.policies[1:] if any(matches(row, names) for row in p.applies_to)]
        if len(special) > 1:
            claims = " and ".join(policy.id for policy in special)
            text = f"{names.get('id')} is claimed by two policies, {claims}: make their `applies_to` exclusive"
            raise ConfigError([Mistake(f"{self.folder}/policies", 0, 0, text)])
        return special[0] if special else self.policy


def load_config(folder: Path) -> Config:
    """Read and check a whole directory. ConfigError carries every mistake that was found."""
    return _Loader(folder).load()


class _Loader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shipped = shipped_config()
        self.is_shipped = folder.resolve() == self.shipped.resolve()
        self.mistakes: list[Mistake] = []
        self.replaced: list[str] = []
        self.documents: dict[str, Document] = {}

    def load(self) -> Config:
        if not self.folder.is_dir():
            text = "is not a directory: give one with --config, or write ./config"
            raise ConfigError([Mistake(str(self.folder), 0, 0, text)])
        self._refuse_other_files()
        default = self._read(self.shipped / "policy.yaml", Policy, "policy.yaml (shipped)")
        policies = self._policies(default)
        parts: dict[str, Any] = {
            "sources": self._part("sources.yaml", Sources),
            "classification": self._part("classification.yaml", Classification),
            "coverage": self._part("coverage.yaml", Coverage, inherit=True),
            "exceptions": self._part("exceptions.yaml", Exceptions),
            "owners": self._part("owners.yaml", Owners),
        }
        operators, terraform, local = self._operators()
        atlas, kinds = self._atlas(operators), self._kinds()
        vendors = self._vendors(operators)
        self._check_references(parts)
        if self.mistakes:
            raise ConfigError(self.mistakes)
        return Config(
            folder=str(self.folder),
            policies=[policy for policy in policies if policy],
            policy_sha256=self._policy_digests(),
            sources=parts["sources"].sources if parts["sources"] else (),
            classification=parts["classification"],
            coverage=parts["coverage"],
            exceptions=parts["exceptions"],
            owners=parts["owners"],
            vendors=vendors,
            operators=operators,
            local_providers=local,
            terraform_operators=terraform,
            kinds=kinds,
            atlas=atlas,
            sha256=self._digest(),
            replaced=self.replaced,
        )

    # --- one file -----------------------------------------------------------------------------

    def _read(self, path: Path, model: type[M], shown_as: str | None = None, over: Path | None = None) -> M | None:
        """One file as its model; `over` is a shipped file whose keys hold where this one is silent."""
        name = shown_as or self._shown(path)
        try:
            document = read_yaml(path, name)
            if over and isinstance(document.value, dict):
                inherited = read_yaml(over, over.name).value
                document = Document(name, _merged(inherited, document.value), document.marks)
            self.documents[name] = document
            return validate_as(document, model)
        except ConfigError as error:
            self.mistakes.extend(error.mistakes)
            return None

    def _part(self, name: str, model: type[M], inherit: bool = False) -> M | None:
        path, default = self.folder / name, self.shipped / name
        if path.is_file():
            return self._read(path, model, over=default if inherit and not self.is_shipped else None)
        if default.is_file():
            return self._read(default, model, f"{name} (shipped)")
        return model.model_validate({"version": 1, "kind": name.removesuffix(".yaml"), **_EMPTY.get(name, {})})

    def _shown(self, path: Path) -> str:
        return path.as_posix()

    def _refuse_other_files(self) -> None:
        allowed = {*FILES, *ROW_FILES, "policies", "vendors", "atlas", *(SHIPPED_ONLY if self.is_shipped else ())}
        for path in sorted(self.folder.iterdir()):
            if path.name not in allowed and not path.name.startswith("."):
                self._mistake(path, f"is not a config file; expected one of {', '.join(sorted(allowed))}")
        for folder, ending in (("policies", ".yaml"), ("atlas", ".csv"), ("vendors", ".yaml")):
            for path in sorted((self.folder / folder).glob("*")):
                if path.suffix != ending and path.name != "evidence" and not path.name.startswith("."):
                    self._mistake(path, f"only {ending} files belong in {folder}/")

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(self._shown(path), 0, 0, text))

    # --- policies -----------------------------------------------------------------------------

    def _policies(self, default: Policy | None) -> list[Policy | None]:
        over = None if self.is_shipped else self.shipped / "policy.yaml"
        main = self.folder / "policy.yaml"
        policies = [self._read(main, Policy, over=over) if main.is_file() and not self.is_shipped else default]
        for path in sorted((self.folder / "policies").glob("*.yaml")):
            policy = self._read(path, Policy, over=self.shipped / "policy.yaml")
            if policy and not policy.applies_to:
                self._mistake(path, "`applies_to` is missing: say which stores this policy judges")
            policies.append(policy)
        ids = [policy.id for policy in policies if policy]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            self._mistake(self.folder / "policies", f"two policies have the id {name!r}")
        if policies[0] and policies[0].applies_to:
            self._mistake(main, "policy.yaml judges the rest: `applies_to` belongs in policies/")
        return policies

    def _policy_digests(self) -> dict[str, str]:
        main = self.folder / "policy.yaml"
        paths = [main if main.is_file() else self.shipped / "policy.yaml"]
        paths += sorted((self.folder / "policies").glob("*.yaml"))
        found = {}
        for path in paths:
            raw = path.read_bytes()
            found[str(read_yaml(path, path.name).value["id"])] = hashlib.sha256(raw).hexdigest()
        return found

    # --- rows over shipped rows ---------------------------------------------------------------

    def _operators(self) -> tuple[dict[str, Operator], dict[str, str], frozenset[str]]:
        shipped = self._read(self.shipped / "operators.yaml", Operators, "operators.yaml (shipped)")
        own_path = self.folder / "operators.yaml"
        own = self._read(own_path, Operators) if own_path.is_file() and not self.is_shipped else None
        found = {operator.id: operator for operator in (shipped.operators if shipped else ())}
        for index, operator in enumerate(own.operators if own else ()):
            if operator.id in found:
                if not operator.reason:
                    document = self.documents[self._shown(own_path)]
                    text = f"{operator.id!r} is shipped: give a `reason` to replace it"
                    self.mistakes.append(document.mistake(("operators", index, "id"), text))
                self.replaced.append(f"operator {operator.id}: {operator.reason}")
            found[operator.id] = operator
        terraform: dict[str, str] = {}
        local: set[str] = set()
        for part in (shipped, own):
            if part:
                local |= {*part.terraform.local, *part.terraform.builtin}
                terraform |= {str(k): str(v) for k, v in (part.terraform.model_extra or {}).items()}
        return found, terraform, frozenset(local)

    def _atlas(self, operators: dict[str, Operator]) -> Atlas:
        atlas = Atlas()
        folders = [self.shipped] if self.is_shipped else [self.shipped, self.folder]
        for folder in folders:
            for path in sorted((folder / "atlas").glob("*.csv")):
                self._rows(atlas, path, read_entries, replacing=folder is not self.shipped)
        places = self.folder / "places.csv"
        if places.is_file():
            self._rows(atlas, places, _own_sites, replacing=True)
        for entry in atlas.replaced:
            self.replaced.append(f"location {entry.namespace}:{entry.code}: {entry.reason}")
        for name in sorted({e.operator for e in atlas.entries.values() if e.operator} - set(operators)):
            self._mistake(self.folder / "atlas", f"the operator {name!r} of a location is not in operators.yaml")
        return atlas

    def _rows(self, atlas: Atlas, path: Path, read: Any, *, replacing: bool) -> None:
        try:
            atlas.add(read(path, self._shown(path)), replacing=replacing)
        except AtlasError as error:
            text = str(error)
            prefix = "" if text.startswith(self._shown(path)) else f"{self._shown(path)}: "
            self.mistakes.append(Mistake(f"{prefix}{text}".rstrip(), 0, 0, "see docs/config.md"))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self._mistake(path, f"cannot be read: {error}")

    def _kinds(self) -> dict[str, str]:
        found: dict[str, str] = {}
        folders = [self.shipped] if self.is_shipped else [self.shipped, self.folder]
        for folder in folders:
            path = folder / "kinds.csv"
            if path.is_file():
                self._kinds_of(path, found, own=folder is not self.shipped)
        return found

    def _kinds_of(self, path: Path, found: dict[str, str], own: bool) -> None:
        allowed = ("data", "logs", "secrets", "code", "keys", "config", "nothing")
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                kind, holds = row.get("kind") or "", row.get("holds") or ""
                if not kind or holds not in allowed:
                    text = f"`holds` of {kind[:80]!r} must be one of {', '.join(allowed)}"
                    self.mistakes.append(Mistake(self._shown(path), number, 1, text))
                elif own and kind in found and not row.get("reason"):
                    text = f"{kind!r} is shipped: give a `reason` to replace it"
                    self.mistakes.append(Mistake(self._shown(path), number, 1, text))
                elif own and kind in found:
                    self.replaced.append(f"kind {kind}: {row['reason']}")
                found[kind] = holds

    # --- vendors and what refers to what ------------------------------------------------------

    def _vendors(self, operators: dict[str, Operator]) -> dict[str, Vendor]:
        found: dict[str, Vendor] = {}
        claimed: dict[str, str] = {}
        for path in sorted((self.folder / "vendors").glob("*.yaml")):
            vendor = self._read(path, Vendor)
            if vendor is None:
                continue
            document = self.documents[self._shown(path)]
            if vendor.id != path.stem:
                text = f"the id {vendor.id!r} is not the file's name: call the file {vendor.id}.yaml"
                self.mistakes.append(document.mistake(("id",), text))
            for index, operator in enumerate(vendor.operates):
                if operator not in operators:
                    text = f"{operator!r} is not in operators.yaml: add it there, with a source"
                    self.mistakes.append(document.mistake(("operates", index), text))
                if operator in claimed:
                    text = f"{operator!r} is operated by {claimed[operator]!r} already"
                    self.mistakes.append(document.mistake(("operates", index), text))
                claimed[operator] = vendor.id
            found[vendor.id] = vendor
        return found

    def _check_references(self, parts: dict[str, Any]) -> None:
        sources: Sources | None = parts["sources"]
        for index in unique_ids(sources.sources) if sources else ():
            self._again("sources.yaml", ("sources", index, "name"))
        exceptions: Exceptions | None = parts["exceptions"]
        for index in unique_ids(exceptions.exceptions) if exceptions else ():
            self._again("exceptions.yaml", ("exceptions", index, "id"))
        coverage: Coverage | None = parts["coverage"]
        if coverage:
            rows = (*coverage.scope.out, *coverage.accept)
            again = unique_ids(rows)
            for index in again:
                outside = len(coverage.scope.out)
                path = ("scope", "out", index) if index < outside else ("accept", index - outside)
                self._again("coverage.yaml", (*path, "id"))

    def _again(self, name: str, path: tuple[str | int, ...]) -> None:
        document = self.documents.get(self._shown(self.folder / name))
        if document:
            self.mistakes.append(document.mistake(path, "the same id stands twice: ids are unique"))

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in _config_files(self.folder):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


_EMPTY: dict[str, dict[str, Any]] = {"sources.yaml": {"sources": []}}
# What a policy file does not take over from the shipped one: its identity.
_OWN_KEYS = ("id", "title", "basis", "applies_to", "rules", "version", "kind")


def _merged(shipped: dict[str, Any], own: dict[str, Any], top: bool = True) -> dict[str, Any]:
    """`own` over `shipped`: mappings key by key, everything else whole."""
    found = {key: value for key, value in shipped.items() if not (top and key in _OWN_KEYS)}
    for key, value in own.items():
        below = found.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _merged(below, value, top=False)
        found[key] = value
    return found


def _config_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in inside) and inside[0] != "demo":
            yield path


def _own_sites(path: Path, shown_as: str) -> Iterator[Entry]:
    """places.csv: id,country,operator,name,source,read_on -> the namespace `site`."""
    needed = ("id", "country", "operator", "name", "source", "read_on")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise AtlasError(f"{shown_as}:1: these columns are missing: {', '.join(missing)}")
        for row in reader:
            where = f"{shown_as}:{reader.line_num}"
            if row["country"] not in countries():
                raise AtlasError(f"{where}: {row['country']!r} is not an ISO 3166-1 country code")
            yield Entry(
                namespace="site",
                code=row["id"],
                kind="site",
                parent="",
                countries=(row["country"],),
                members=(),
                operator=row["operator"],
                status="current",
                confidence="own",
                source=row["source"],
                read_on=row["read_on"],
                note=row["name"],
            )
