"""Reads a config directory over the shipped defaults into one `Config`."""

from __future__ import annotations

import csv
import difflib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from residency.atlas import Atlas, AtlasError, Entry, check_country, check_read, read_entries, read_rows
from residency.policy.matching import Names, matches
from residency.policy.models import (
    Classification,
    Coverage,
    Exceptions,
    Holds,
    Operator,
    Operators,
    Owners,
    Policy,
    Source,
    Sources,
    unique_ids,
)
from residency.policy.reader import ConfigError, Document, Mistake, cut, read_shipped, read_yaml, shown, validate_as
from residency.policy.vendor import Evidence, Vendor
from residency.shipped import shipped_config

M = TypeVar("M", bound=BaseModel)

FILES = ["policy.yaml", "sources.yaml", "classification.yaml", "coverage.yaml", "exceptions.yaml", "owners.yaml"]
ROW_FILES = ("operators.yaml", "kinds.csv", "places.csv")
# The shipped directory holds these beside what a config may hold.
SHIPPED_ONLY = ("countries.csv", "country_sets.csv", "demo")


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
    regionless: frozenset[str]  # kinds that belong to no region, whatever region their provider is set to
    atlas: Atlas
    sha256: str
    replaced: list[str] = field(default_factory=list)  # shipped facts that this config overrides, and why
    documents: dict[str, Document] = field(default_factory=dict)  # file -> what it says, and where

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

    def check_rules(self, known: Iterable[str]) -> None:
        """ConfigError for every rule that an exception or a policy names and that there is not."""
        names = sorted(known)
        mistakes = []
        for document in self.documents.values():
            for path, rule in _named_rules(document):
                if rule not in names:
                    near = difflib.get_close_matches(rule, names, n=1)
                    hint = f"did you mean {near[0]!r}?" if near else f"the rules are {', '.join(names)}"
                    mistakes.append(document.mistake(path, f"{shown(rule)} is no rule: {hint}"))
        if mistakes:
            raise ConfigError(mistakes)

    def owner_of(self, tags: dict[str, str] | None, names: Names, provided: str | None = None) -> str | None:
        """Whom a tag names, else a rule, else the provider, else the default."""
        owners = self.owners
        for key in owners.tag_keys:
            if (tags or {}).get(key):
                return (tags or {})[key]
        found = next((rule.owner for rule in owners.rules if matches(rule.match, names)), None)
        return found or provided or owners.default

    def policy_for(self, names: Names) -> Policy:
        """The policy that judges a thing. ConfigError when two claim it."""
        special = [p for p in self.policies[1:] if any(matches(row, names) for row in p.applies_to)]
        if len(special) > 1:
            claims = " and ".join(policy.id for policy in special)
            known = names.get("id") or "?"
            thing = known if isinstance(known, str) else next(iter(known), "?")
            text = f"{shown(thing)} is claimed by two policies, {claims}: make their `applies_to` exclusive"
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
        self.regionless: set[str] = set()
        self.documents: dict[str, Document] = {}

    def load(self) -> Config:
        if not self.folder.is_dir():
            text = "is not a directory: write one with `residency init`, or name yours with --config"
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
            policy_sha256=self._policy_digests(policies),
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
            regionless=frozenset(self.regionless),
            atlas=atlas,
            sha256=self._digest(),
            replaced=self.replaced,
            documents=self.documents,
        )

    # --- one file -----------------------------------------------------------------------------

    def _read(self, path: Path, model: type[M], shown_as: str | None = None, over: Path | None = None) -> M | None:
        """One file as its model; `over` is a shipped file whose keys hold where this one is silent."""
        name = shown_as or self._shown(path)
        try:
            document = self._document(path, name)
            if over and isinstance(document.value, dict):
                inherited = self._document(over, over.name).value
                document = Document(name, _merged(inherited, document.value), document.marks)
            self.documents[name] = document
            return validate_as(document, model)
        except ConfigError as error:
            self.mistakes.extend(error.mistakes)
            return None

    def _document(self, path: Path, name: str) -> Document:
        """A file as it is; one of the package is read fast, unless it is what is to be checked."""
        shipped = path.parent == self.shipped and not self.is_shipped
        return read_shipped(path, name) if shipped else read_yaml(path, name)

    def _part(self, name: str, model: type[M], inherit: bool = False) -> M | None:
        path, default = self.folder / name, self.shipped / name
        if _there(path):
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
        policies = [self._read(main, Policy, over=over) if _there(main) and not self.is_shipped else default]
        for path in sorted((self.folder / "policies").glob("*.yaml")):
            policy = self._read(path, Policy, over=self.shipped / "policy.yaml")
            if policy and not policy.applies_to:
                self._mistake(path, "`applies_to` is missing: say which stores this policy judges")
            self._check_file_name(path, policy)
            policies.append(policy)
        ids = [policy.id for policy in policies if policy]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            self._mistake(self.folder / "policies", f"two policies have the id {shown(name)}")
        if policies[0] and policies[0].applies_to:
            self._mistake(main, "policy.yaml judges the rest: `applies_to` belongs in policies/")
        return policies

    def _check_file_name(self, path: Path, read: Policy | Vendor | None) -> None:
        if read and read.id != path.stem:
            text = f"the id {shown(read.id)} is not the file's name: call the file {cut(read.id)}.yaml"
            self.mistakes.append(self.documents[self._shown(path)].mistake(("id",), text))

    def _policy_digests(self, policies: list[Policy | None]) -> dict[str, str]:
        """Policy id -> sha256 of its file's bytes: what `sha256sum` prints."""
        main = self.folder / "policy.yaml"
        paths = [main if _there(main) else self.shipped / "policy.yaml"]
        paths += sorted((self.folder / "policies").glob("*.yaml"))
        pairs = zip(paths, policies, strict=True)
        return {policy.id: hashlib.sha256(path.read_bytes()).hexdigest() for path, policy in pairs if policy}

    # --- rows over shipped rows ---------------------------------------------------------------

    def _operators(self) -> tuple[dict[str, Operator], dict[str, str], frozenset[str]]:
        shipped = self._read(self.shipped / "operators.yaml", Operators, "operators.yaml (shipped)")
        own_path = self.folder / "operators.yaml"
        own = self._read(own_path, Operators) if _there(own_path) and not self.is_shipped else None
        for index in unique_ids(own.operators) if own else ():
            self._again("operators.yaml", ("operators", index, "id"))
        found = {operator.id: operator for operator in (shipped.operators if shipped else ())}
        for index, operator in enumerate(own.operators if own else ()):
            if operator.id in found:
                if not operator.reason:
                    document = self.documents[self._shown(own_path)]
                    text = f"{shown(operator.id)} is shipped: give a `reason` to replace it"
                    self.mistakes.append(document.mistake(("operators", index, "id"), text))
                self.replaced.append(f"operator {operator.id}: {operator.reason}")
            found[operator.id] = operator
        terraform: dict[str, str] = {}
        local: set[str] = set()
        for part in (shipped, own):
            if part:
                if part is own:
                    self._check_providers(own_path, own, terraform, found)
                local |= {*part.terraform.local, *part.terraform.builtin}
                terraform |= {str(k): str(v) for k, v in (part.terraform.model_extra or {}).items()}
        return found, terraform, frozenset(local)

    def _check_providers(
        self, path: Path, own: Operators, shipped: dict[str, str], operators: dict[str, Operator]
    ) -> None:
        """A shipped Terraform provider keeps its operator, and none is declared to hold nothing."""
        document = self.documents[self._shown(path)]
        for provider, operator in (own.terraform.model_extra or {}).items():
            if provider in shipped and operator != shipped[provider]:
                text = (
                    f"the operator of the Terraform provider {shown(provider)} is shipped: replace the operator's row"
                )
                self.mistakes.append(document.mistake(("terraform", provider), text))
            elif operator not in operators:
                text = f"{shown(operator)} is not in operators.yaml: add it there, with a source"
                self.mistakes.append(document.mistake(("terraform", provider), text))
        for key in ("local", "builtin"):
            for index, provider in enumerate(getattr(own.terraform, key)):
                if provider in shipped:
                    text = f"{shown(provider)} stands with the operator {shipped[provider]}: it is not local"
                    self.mistakes.append(document.mistake(("terraform", key, index), text))

    def _atlas(self, operators: dict[str, Operator]) -> Atlas:
        atlas = Atlas()
        folders = [self.shipped] if self.is_shipped else [self.shipped, self.folder]
        for folder in folders:
            for path in sorted((folder / "atlas").glob("*.csv")):
                self._rows(atlas, path, read_entries, replacing=folder is not self.shipped)
        places = self.folder / "places.csv"
        if _there(places):
            self._rows(atlas, places, _own_sites, replacing=True)
        for entry in atlas.replaced:
            self.replaced.append(f"location {entry.namespace}:{entry.code}: {entry.reason}")
        for entry, text in atlas.mistakes(operators):
            self.mistakes.append(Mistake(entry.file, entry.line, 1, text))
        return atlas

    def _rows(self, atlas: Atlas, path: Path, read: Callable[[Path], Iterator[Entry]], *, replacing: bool) -> None:
        rows = 0
        try:
            for entry in read(path):
                rows += 1
                atlas.add([entry], replacing=replacing)
        except AtlasError as error:
            self.mistakes.append(Mistake(self._shown(path), error.line or rows + 1, 1, str(error)))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self._mistake(path, f"cannot be read: {error}")

    def _kinds(self) -> dict[str, str]:
        found: dict[str, str] = {}
        folders = [self.shipped] if self.is_shipped else [self.shipped, self.folder]
        for folder in folders:
            path = folder / "kinds.csv"
            if not _there(path):
                continue
            try:
                self._kinds_of(path, found, own=folder is not self.shipped)
            except AtlasError as error:
                self.mistakes.append(Mistake(self._shown(path), error.line, 1, str(error)))
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                self._mistake(path, f"cannot be read: {error}")
        return found

    def _kinds_of(self, path: Path, found: dict[str, str], own: bool) -> None:
        allowed, before = get_args(Holds), set(found)
        here: set[str] = set()
        for line, row in read_rows(path, ("kind", "holds")):
            kind, holds = row["kind"], row["holds"]
            text = ""
            if not kind or holds not in allowed:
                text = f"`holds` of {shown(kind)} must be one of {', '.join(allowed)}"
            elif kind in here:
                text = f"the kind {shown(kind)} stands twice: remove one"
            elif own and kind in before and not row.get("reason"):
                text = f"{shown(kind)} is shipped: give a `reason` to replace it"
            elif own and kind in before:
                self.replaced.append(f"kind {kind}: {row['reason']}")
            if text:
                self.mistakes.append(Mistake(self._shown(path), line, 1, text))
            here.add(kind)
            found[kind] = holds
            if row.get("region") == "none":
                self.regionless.add(kind)

    # --- vendors and what refers to what ------------------------------------------------------

    def _vendors(self, operators: dict[str, Operator]) -> dict[str, Vendor]:
        found: dict[str, Vendor] = {}
        claimed: dict[str, str] = {}
        for path in sorted((self.folder / "vendors").glob("*.yaml")):
            vendor = self._read(path, Vendor)
            if vendor is None:
                continue
            document = self.documents[self._shown(path)]
            self._check_file_name(path, vendor)
            for index, operator in enumerate(vendor.operates):
                if operator not in operators:
                    text = f"{shown(operator)} is not in operators.yaml: add it there, with a source"
                    self.mistakes.append(document.mistake(("operates", index), text))
                if operator in claimed:
                    text = f"{shown(operator)} is operated by {shown(claimed[operator])} already"
                    self.mistakes.append(document.mistake(("operates", index), text))
                claimed[operator] = vendor.id
            self._check_country(vendor, document, operators)
            self._check_papers(path.parent, vendor, document)
            found[vendor.id] = vendor
        return found

    def _check_country(self, vendor: Vendor, document: Document, operators: dict[str, Operator]) -> None:
        """A vendor record does not move an operator to another country: its row does, with a reason."""
        own = vendor.entities.operating.country if vendor.entities else None
        for operator in (operators[name] for name in vendor.operates if own and name in operators):
            country = operator.operating.country
            if country != own:
                text = (
                    f"the record says {own}, operators.yaml says that {shown(operator.id)} is run from {country}: "
                    "correct the record, or replace the operator's row, with a `reason`"
                )
                self.mistakes.append(document.mistake(("entities", "operating", "country"), text))

    def _check_papers(self, folder: Path, vendor: Vendor, document: Document) -> None:
        """A paper that is named as a file is there, and is the one that was read."""
        for i, measure in enumerate(vendor.technical_measures):
            for k, paper in enumerate(measure.evidence):
                text = _wrong_paper(folder, paper)
                if text:
                    self.mistakes.append(document.mistake(("technical_measures", i, "evidence", k), text))

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


def _named_rules(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a file names a rule, and which."""
    content = document.value if isinstance(document.value, dict) else {}
    if content.get("kind") == "exceptions":
        for index, row in enumerate(content.get("exceptions") or ()):
            yield ("exceptions", index, "rule"), row["rule"]
    if content.get("kind") == "policy":
        yield from ((("rules", rule), rule) for rule in content.get("rules") or ())


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


def _wrong_paper(folder: Path, paper: Evidence) -> str | None:
    """What is wrong with the file of a paper; None where nothing is, or where it has none."""
    if paper.path is None:
        return None
    file = folder / paper.path
    if not file.resolve().is_relative_to(folder.resolve()) or not file.is_file():
        return f"{shown(paper.path)} is no file in vendors/: put the paper there, or give its `url`"
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if paper.sha256 else None
    if digest and digest != (paper.sha256 or "").removeprefix("sha256:").lower():
        return f"{shown(paper.path)} is not the file that `sha256` names: read it again, and write down what it is now"
    return None


def _there(path: Path) -> bool:
    """True also for what cannot be read as a file: a broken link is a mistake, not an absent file."""
    return os.path.lexists(path)


def _own_sites(path: Path) -> Iterator[Entry]:
    """places.csv: id,country,operator,name,source,read_on -> the namespace `site`."""
    for line, row in read_rows(path, ("id", "country", "operator", "name", "source", "read_on")):
        check_country(row["country"], line)
        check_read(row, ("id", "operator"), line)
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
            file=path.as_posix(),
            line=line,
        )
