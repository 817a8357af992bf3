"""AWS KMS: what a template says of a key that other resources encrypt with.

Live, keys are asked for where a store names one (clouds/aws/keys.py). In a plan the same answer is
built from the key's resource, so that the grade of a control is judged in one place.
"""

from residency.clouds.aws.keys import DESCRIBE
from residency.services.base import REGION, Always, Template, TemplateField

CUSTOMER: dict[str, TemplateField] = {
    "KeyMetadata.KeyManager": Always("CUSTOMER"),
    "KeyMetadata.Arn": "arn",
    "@region": REGION,
}
STORES: dict[str, TemplateField] = {
    "KeyMetadata.CustomKeyStoreId": "custom_key_store_id",
    "KeyMetadata.XksKeyConfiguration.Id": "xks_key_id",
}
KEY_NAMES = ("id", "arn", "key_id")

TERRAFORM = {
    "aws_kms_key": Template(
        fields={**CUSTOMER, **STORES, "KeyMetadata.Origin": Always("AWS_KMS")}, answers=DESCRIBE, names=KEY_NAMES
    ),
    "aws_kms_external_key": Template(
        fields={**CUSTOMER, "KeyMetadata.Origin": Always("EXTERNAL")}, answers=DESCRIBE, names=KEY_NAMES
    ),
    "data.aws_kms_key": Template(
        fields={
            "KeyMetadata.KeyManager": "key_manager",
            "KeyMetadata.Origin": "origin",
            "KeyMetadata.Arn": "arn",
        },
        answers=DESCRIBE,
        names=KEY_NAMES,
    ),
}
