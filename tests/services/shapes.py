"""What botocore's own model says: the shape at a path such as `ec2:DescribeVolumes.Volumes[].VolumeId`."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session

# A text that begins with a call, and not with the name of a right or an ARN.
CALL = re.compile(r"^[a-z0-9-]+:[A-Z]\w+(\.|$)")
# Calls of which a template tells the question and not the answer.
ASKED = ("ec2:CopySnapshot", "ec2:CopyImage")
_SESSION = botocore.session.get_session()


@cache
def operation_of(call: str) -> Any:
    """botocore's model of a call. UnknownServiceError or OperationNotFoundError where there is none."""
    service, _, operation = call.partition(":")
    return _SESSION.get_service_model(service).operation_model(operation)


def shape_at(path: str) -> Any:
    """The shape at `service:Operation.A.B[].C`. KeyError where it does not exist."""
    call, _, rest = path.partition(".")
    operation = operation_of(call)
    shape = operation.input_shape if call in ASKED else operation.output_shape
    for step in rest.split(".") if rest else ():
        if shape.type_name == "map":
            shape = shape.value  # keyed by names of the caller's own
            continue
        shape = shape.members[step.removesuffix("[]")]
        if step.endswith("[]"):
            shape = {"list": lambda s: s.member}[shape.type_name](shape)
    return shape
