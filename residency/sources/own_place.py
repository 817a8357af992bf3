"""Kinds of resources without a service file: judged by their own place, and said to be so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Document, Origin, Unknown, silent
from residency.model import Cell, Copy, Followed, Place, Role, Said, State, Store, Why

if TYPE_CHECKING:
    from residency.sources.templates import Context, Declared, Resource

HOLDS_STORES = ("data", "logs", "secrets")
AWS = "aws"
NOWHERE = Origin(source="", partition="", account=None)
OF_TERRAFORM = ("", "hashicorp", "builtin")  # who writes the providers that are called local
ANYTHING = "Custom::"  # what a function of one's own makes, wherever it likes
# Attributes of any kind that name zones, and that choose one by what stands in it.
ZONES = re.compile(r"^(preferred_?)?(cache_?cluster_?)?(availability_?zones?|azs)$", re.IGNORECASE)
CHOOSES = re.compile(
    r"^(vpc_?zone_?identifier|outpost_?(arn|id)|ec2_?subnet_?ids?|(primary_)?network_?interfaces?)$", re.IGNORECASE
)
NO_ZONE = Unknown(Why.UNRESOLVED, "the zone of its subnet is not in the plan")
# How each language writes a zone, what chooses one by naming something that stands in one, and such things.
ZONE = {"terraform": "availability_zone", "cloudformation": "AvailabilityZone"}
CHOOSE_A_ZONE = {
    "terraform": (
        "subnet_id",
        "subnet_ids",
        "network_interface.network_interface_id",
        "ec2_attributes.subnet_id",
        "ec2_attributes.subnet_ids",
    ),
    "cloudformation": ("SubnetId", "SubnetIds"),
}
# It stands in the building of whoever owns the Outpost, and names the zone of its parent region.
OUTPOST = {"terraform": "outpost_arn", "cloudformation": "OutpostArn"}
ON_AN_OUTPOST = Unknown(Why.UNRESOLVED, "where an Outpost stands only its owner knows")
ZONAL = {
    "terraform": ("aws_subnet", "aws_default_subnet", "aws_network_interface"),
    "cloudformation": ("AWS::EC2::Subnet", "AWS::EC2::NetworkInterface"),
}


class OwnPlace:
    """The stores of a template that no service file reads."""

    def __init__(
        self,
        declared: Declared,
        cell: Cell,
        context: Context,
        partition: Callable[[Any], str],
        names: Mapping[str, str],
    ) -> None:
        self.declared = declared
        self.cell = cell
        self.context = context
        self.partition = partition
        self.names = names
        self._zonal = ZONAL[declared.language]
        self._by_id = {(r.type, str(r.after.get("id"))): r for r in declared.everything() if r.type in self._zonal}

    def stores(self) -> Iterator[Store]:
        """Each of them; those of other providers as one store for each provider."""
        foreign: dict[str, list[Resource]] = {}
        for resource in self.declared.resources:
            provider = resource.provider_name
            if self.is_unfollowed(resource):
                yield self._unfollowed(resource)
            elif resource.type not in self.declared.types and provider != AWS and not self._is_local(resource):
                foreign.setdefault(provider, []).append(resource)
        for provider, resources in foreign.items():
            yield self._of_another_provider(provider, resources)

    def _is_local(self, resource: Resource) -> bool:
        """It makes nothing in any cloud. Of a provider that somebody else calls so, nobody knows that."""
        owner = str(getattr(resource, "provider", "")).rpartition("/")[0].rpartition("/")[2]
        return resource.provider_name in self.context.local_providers and owner in OF_TERRAFORM

    def is_unfollowed(self, resource: Resource) -> bool:
        """It holds data, logs or secrets, and no service file says where."""
        ours = resource.provider_name == AWS and resource.type not in self.declared.types and not resource.is_data
        return ours and self.context.holds(resource.type) in HOLDS_STORES

    def _unfollowed(self, resource: Resource) -> Store:
        codes, attribute = self._own_place(resource)
        namespace = self.partition(self.declared.region(resource))
        places = [Place(namespace=namespace, code=code) for code in codes if isinstance(code, str) and code]
        told = bool(places) and len(places) == len(codes)
        unknown = next((code for code in codes if isinstance(code, Unknown)), Unknown(Why.UNRESOLVED))
        said = Said(
            call=f"{self.declared.language}:{resource.type}", field=attribute, at=self.context.at(resource.address)
        )
        copy = Copy(
            role=Role.PRIMARY,
            place=places[0] if told and len(places) == 1 else None,
            candidates=tuple(places) if told and len(places) > 1 else (),
            why=None if told else unknown.why,
            state=State.PLANNED,
            said_by=(said if told else silent(said, unknown),),
        )
        name = resource.after.get("name")
        return Store(
            id=self.names[resource.address],
            kind=resource.type,
            name=name if isinstance(name, str) else "",
            account=None,
            region=None,
            tags=Document({"t": self.declared.tags(resource)}, NOWHERE).tags("t"),
            sources=(self.cell.source,),
            address=resource.address,
            followed=Followed.NONE,
            copies=(copy,),
        )

    def _own_place(self, resource: Resource, hops: int = 0) -> tuple[list[Any], str]:
        """A zone where one is named or chosen by a subnet, for it may stand abroad; the region otherwise.

        Several where it stands in one of them, or in all.
        """
        attribute = OUTPOST[self.declared.language]
        if self.declared.value(resource, attribute, computed=True):
            return [ON_AN_OUTPOST], attribute
        attribute = ZONE[self.declared.language]
        zone = self.declared.value(resource, attribute, computed=True)
        if zone:
            return [zone], attribute
        for attribute in CHOOSE_A_ZONE[self.declared.language]:
            if not self.declared.value(resource, attribute, computed=True):
                continue
            codes = [c for chosen in self._chosen(resource, attribute) for c in self._zones(chosen, hops)]
            return list(dict.fromkeys(codes)) or [NO_ZONE], attribute
        for name, value in _inside(resource):
            if value and ZONES.search(name):
                return [code if isinstance(code, str) else NO_ZONE for code in _listed(value)], name
            if value and CHOOSES.search(name):
                return [NO_ZONE], name  # it stands where that stands, which may be abroad
        if resource.type.startswith(ANYTHING):
            return [Unknown(Why.UNRESOLVED, "a function of one's own makes it")], "ServiceToken"
        if resource.type in self.context.regionless and not isinstance(resource.after.get("region"), str):
            return [Unknown(Why.UNRESOLVED, "it belongs to no region")], "region"
        return [self.declared.region(resource)], "region"

    def _chosen(self, resource: Resource, attribute: str) -> list[Resource | None]:
        """The subnets or network interfaces that an attribute names; None for one that the plan does not hold."""
        value = self.declared.value(resource, attribute, computed=True)
        found: list[Resource | None] = []
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                found.append(next((r for t in self._zonal if (r := self._by_id.get((t, item)))), None))
        if len(found) < len(value if isinstance(value, list) else [value]):
            meant = self.declared.meant(resource, attribute)
            found += [self.declared.by_address.get(address) for address in meant] or [None]
        return found

    def _zones(self, chosen: Resource | None, hops: int) -> list[Any]:
        if chosen is None or chosen.type not in self._zonal or hops > 1:
            return [NO_ZONE]
        codes, attribute = self._own_place(chosen, hops + 1)
        return [NO_ZONE] if attribute == "region" else codes

    def _of_another_provider(self, provider: str, resources: list[Resource]) -> Store:
        first = resources[0]
        said = self._said(first, "")
        return Store(
            id=f"tf:{self.context.stack}/provider/{provider}",
            kind=f"{provider}.resource",
            name=f"{len(resources)} resources of the provider {provider}",
            account=None,
            region=None,
            tags={},
            sources=(self.cell.source,),
            address=first.address,
            followed=Followed.NONE,
            copies=(Copy(role=Role.PRIMARY, place=None, why=Why.UNRESOLVED, state=State.PLANNED, said_by=(said,)),),
        )

    def _said(self, resource: Resource, attribute: str) -> Said:
        call = f"{self.declared.language}:{resource.type}"
        return Said(call=call, field=attribute, at=self.context.at(resource.address))


def _inside(resource: Resource) -> Iterator[tuple[str, Any]]:
    """The attributes of a resource and of its blocks."""
    for name, value in resource.after.items():
        yield name, value
        for block in _listed(value):
            yield from block.items() if isinstance(block, Mapping) else ()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
