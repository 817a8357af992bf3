"""Whether a provider of AWS talks to AWS: its `endpoints` may lead to an emulator, or to another cloud's S3.

What the environment or a profile sets (`AWS_ENDPOINT_URL`) stands in no plan, and neither do `dynamic` blocks.
`skip_region_validation` alone leads nowhere else: it also lets a region through that the provider does not know yet
(AWS provider, arguments and custom service endpoints, read 2026-11-22); a region that the atlas lacks never passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

# Of each partition, the dual-stack ones too (partitions.json of botocore, read 2026-11-22).
DOMAINS = (
    *("amazonaws.com", "api.aws", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "amazonaws.eu"),
    *("api.amazonwebservices.eu", "c2s.ic.gov", "api.aws.ic.gov", "sc2s.sgov.gov", "api.aws.scloud"),
    *("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
)
HOLD_NO_STORES = ("iam", "sts")  # often asked in another region, or in none


def other_endpoint(config: Mapping[str, Any], region: Any, follow: Callable[[Any], Any]) -> str | None:
    """The first endpoint of a provider's block that is not AWS's own in the region: `endpoints.s3`."""
    blocks = (config.get("expressions") or {}).get("endpoints") or []
    for block in blocks if isinstance(blocks, list) else [blocks]:
        if not isinstance(block, Mapping) or block.keys() & {"references", "constant_value"}:
            return "endpoints"
        for service, expression in block.items():
            address = follow(expression)
            if address not in (None, "") and not _is_own(service, address, region):
                return f"endpoints.{service}"
    return None


def _is_own(service: str, address: Any, region: Any) -> bool:
    host = _host(address)
    known = any(host.endswith(f".{domain}") for domain in DOMAINS)
    return known and (service in HOLD_NO_STORES or region in host.split("."))


def _host(address: Any) -> str:
    try:
        return (urlsplit(address if "//" in address else f"//{address}").hostname or "") if address else ""
    except (TypeError, ValueError):  # not known yet, or no address
        return ""
