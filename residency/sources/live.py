"""The live estate: which scanner answers for which source."""

from __future__ import annotations

from collections.abc import Iterable

from residency.atlas import Atlas
from residency.inventory import RunWriter
from residency.model import Cell, Geography, Status
from residency.policy.models import AwsSource, Source
from residency.sources.waves import Planned, Wave


def waves_of(source: Source, writer: RunWriter, atlas: Atlas, timeout: float, heard: Iterable[Geography] = ()) -> Wave:
    """The waves of one source. A provider without a scanner is one cell that says so.

    `heard`: where its places stand, as an earlier run heard it of the provider.
    """
    if isinstance(source, AwsSource):
        from residency.sources.aws import AwsScan

        return AwsScan(source, writer, atlas, timeout, heard).waves()
    return _no_scanner(source)


def _no_scanner(source: Source) -> Wave:
    cell = Cell(
        source=source.name, provider=source.provider, account=None, region=None, service="account", listing="scan"
    )
    reason = f"this version does not scan {source.provider}"
    yield [Planned(cell, status=Status.UNSUPPORTED, code="no-scanner", reason=reason)]
