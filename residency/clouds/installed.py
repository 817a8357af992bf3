"""What installed packages know of locations: no network is needed.

botocore brings the regions of every partition of AWS, moto AWS's own record of regions and zones (the public
parameters of Systems Manager). The clients of Azure and Google Cloud bring no list of locations at all.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from residency.survey import Known, Record

# Folder of the record -> the kind that the atlas gives to what is in it.
ZONES = {
    "availability-zones": "availability-zone",
    "local-zones": "local-zone-id",
    "wavelength-zones": "wavelength-zone-id",
}
SILENT = ("azure-mgmt-resource", "google-cloud-storage")


def records() -> Iterator[Record]:
    """The records of the packages that are installed here."""
    yield _botocore()
    if find_spec("moto"):
        yield _parameters()


def silent() -> Iterator[str]:
    """The packages that were looked at and know nothing, and those that are not installed."""
    for package in SILENT:
        yield f"{package} {_version(package)}: holds no list of locations"
    if not find_spec("moto"):
        yield "moto: not installed; it holds AWS's record of regions and zones (`pip install 'residency[demo]'`)"


def _botocore() -> Record:
    """Regions of every partition; pseudo regions such as `aws-global` are no places."""
    import botocore.session

    partitions = botocore.session.get_session().get_data("partitions")["partitions"]
    regions = [(partition["id"], code) for partition in partitions for code in partition["regions"]]
    known = tuple(Known(name, code, "region") for name, code in regions if not code.endswith("-global"))
    complete = frozenset((partition["id"], "region") for partition in partitions)
    return Record(f"botocore {_version('botocore')} partitions.json", known, complete)


def _parameters() -> Record:
    """Regions with their countries, and the zones of each."""
    import moto

    record = json.loads(gzip.decompress((Path(moto.__file__).parent / "ssm/resources/regions.json.gz").read_bytes()))
    regions = record["aws"]["service"]["global-infrastructure"]["regions"]
    known = tuple(place for code, region in regions.items() if code != "Value" for place in _region(code, region))
    complete = frozenset((place.namespace, place.kind) for place in known)
    name = f"AWS SSM public parameters (record in moto {_version('moto')})"
    return Record(name, known, complete, lacking="not in the SSM record")


def _region(code: str, region: dict[str, Any]) -> Iterator[Known]:
    partition, country = region["partition"]["Value"], region["geolocationCountry"]["Value"]
    yield Known(partition, code, "region", country=country)
    for folder, kind in ZONES.items():
        for zone in region.get(folder, {}):
            if zone != "Value":
                # An Availability Zone stands in its region; Local and Wavelength Zones may stand abroad.
                yield Known(partition, zone, kind, code, country if kind == "availability-zone" else None)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
