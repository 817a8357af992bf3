"""Keys: one of its own in each region in use, and one that stands in two regions."""

from __future__ import annotations

from residency.demo.estate.company import SINGAPORE, TOKYO, Company

# moto knows no key stores. The keys of this one stand behind a proxy of the company's own.
OUTSIDE = {
    "CustomKeyStoreId": "cks-outside",
    "CustomKeyStoreName": "outside",
    "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
    "XksProxyConfiguration": {
        "Connectivity": "PUBLIC_ENDPOINT",
        "UriEndpoint": "https://keys.example.co.jp",
        "UriPath": "/kms/xks/v1",
    },
    "ConnectionState": "CONNECTED",
    "CreationDate": 1780000000,
}


def move_in(company: Company) -> None:
    kms = company.client("kms", TOKYO)
    shared = kms.create_key(MultiRegion=True, Description="secrets")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/secrets", TargetKeyId=shared)
    kms.replicate_key(KeyId=shared, ReplicaRegion=SINGAPORE)
    company.has("kms:DescribeCustomKeyStores", TOKYO, {"CustomKeyStores": [OUTSIDE], "Truncated": False})
