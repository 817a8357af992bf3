"""Subnets, and the groups by which databases name them: no stores, but what templates say of the zones of others."""

from __future__ import annotations

from residency.clouds.aws.databases import GROUPS, SUBNETS
from residency.services.base import REGION, Several, Template, TemplateField

_SUBNET: dict[str, TemplateField] = {
    "Subnets[].AvailabilityZone": "availability_zone",
    "Subnets[].AvailabilityZoneId": "availability_zone_id",
}
TERRAFORM = {
    "aws_db_subnet_group": Template(
        fields={"DBSubnetGroups[].DBSubnetGroupName": "name", "@subnets": Several("subnet_ids"), "@region": REGION},
        answers=GROUPS,
        names=("arn",),
    ),
    "aws_subnet": Template(fields=_SUBNET | {"Subnets[].OutpostArn": "outpost_arn"}, answers=SUBNETS),
    "aws_default_subnet": Template(fields=_SUBNET, answers=SUBNETS),  # none is on an Outpost
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::RDS::DBSubnetGroup": Template(
        fields={
            "DBSubnetGroups[].DBSubnetGroupName": "DBSubnetGroupName",
            "@subnets": Several("SubnetIds"),
            "@region": REGION,
        },
        answers=GROUPS,
        names=(),
    ),
    "AWS::EC2::Subnet": Template(
        fields={
            "Subnets[].AvailabilityZone": "AvailabilityZone",
            "Subnets[].AvailabilityZoneId": "AvailabilityZoneId",
            "Subnets[].OutpostArn": "OutpostArn",
        },
        answers=SUBNETS,
        names=(),
    ),
}
