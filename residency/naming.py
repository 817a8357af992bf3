"""What rows of the config may match a store by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from residency.model import Account, Place, Store

Name = str | list[str] | None


class StoreNames(Mapping[str, Name]):
    """The names of a store, each worked out when a row asks for it: most stores are asked for none or two."""

    __slots__ = ("account", "store", "vendor_at")

    def __init__(self, store: Store, account: Account | None, vendor_at: Callable[[Place], str | None]) -> None:
        self.store = store
        self.account = account
        self.vendor_at = vendor_at

    def __getitem__(self, key: str) -> Name:
        return _NAMES[key](self)

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


def _vendors(names: StoreNames) -> list[str]:
    places = {place for copy in names.store.copies for place in (copy.place, *copy.candidates) if place}
    return sorted({vendor for place in places if (vendor := names.vendor_at(place))})


def _tags(names: StoreNames) -> list[str]:
    return [name for key, value in (names.store.tags or {}).items() for name in (f"{key}={value}", key)]


_NAMES: dict[str, Callable[[StoreNames], Name]] = {
    "id": lambda names: [name for name in (names.store.id, names.store.address) if name],
    "kind": lambda names: names.store.kind,
    "name": lambda names: names.store.name,
    "account": lambda names: names.store.account,
    "ou": lambda names: list(names.account.ou) if names.account else None,
    "tag": _tags,
    "address": lambda names: names.store.address,
    "source": lambda names: list(names.store.sources),
    "provider": lambda names: names.store.provider,
    "region": lambda names: names.store.region,
    "service": lambda names: names.store.service,
    "stack": lambda names: names.store.id[3:].partition("/")[0] if names.store.id.startswith("tf:") else None,
    "place": lambda names: [str(copy.place) for copy in names.store.copies if copy.place],
    "role": lambda names: [copy.role.value for copy in names.store.copies],
    "vendor": _vendors,
}
