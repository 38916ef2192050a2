"""AWS takes managed policies up to a size: what is larger is made to fit, and what that widened is told. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from app.aws.policies import Policy

LARGEST = 6144  # characters of a managed policy; white space does not count
OWN_NAME = 5  # colons before what names a resource in an ARN


@dataclass(frozen=True, kw_only=True)
class Fitted:
    policy: Policy
    widened: tuple[str, ...] = ()  # patterns that stand for ARNs now

    @property
    def fits(self) -> bool:
        return size(self.policy) <= LARGEST


def size(policy: Policy) -> int:
    """In characters, as IAM counts."""
    return len(json.dumps(policy, separators=(",", ":")))


def fitted(policy: Policy) -> Fitted:
    """The policy itself where it fits; else the longest lists of ARNs become what their names begin with."""
    widened: list[str] = []
    while size(policy) > LARGEST:
        longest = max(policy["Statement"], key=lambda one: len(json.dumps(one["Resource"])))
        shorter = folded(longest["Resource"])
        if len(shorter) >= len(longest["Resource"]):
            break
        widened += [arn for arn in shorter if arn not in longest["Resource"]]
        policy = {
            **policy,
            "Statement": [
                {**one, "Resource": shorter} if one is longest else one for one in policy["Statement"]
            ],
        }
    return Fitted(policy=policy, widened=tuple(dict.fromkeys(widened)))


def folded(arns: Sequence[str]) -> list[str]:
    """One pattern a kind of resource: what all of its names begin with."""
    kinds: dict[str, list[str]] = {}
    for arn in arns:
        kinds.setdefault(_kind(arn), []).append(arn)
    return [_pattern(kind, of) for kind, of in kinds.items()]


def _kind(arn: str) -> str:
    """`arn:aws:lambda:eu-central-1:123456789012:function:`, up to where its own name begins."""
    parts = arn.split(":", OWN_NAME)
    resource = parts[-1]
    cut = min((at for sign in ":/" if (at := resource.find(sign)) >= 0), default=0)
    return ":".join(parts[:-1]) + ":" + resource[: cut + 1]


def _pattern(kind: str, arns: Sequence[str]) -> str:
    if len(arns) == 1:
        return arns[0]
    same = (signs[0] for signs in takewhile(lambda signs: len(set(signs)) == 1, zip(*arns, strict=False)))
    return f"{max(''.join(same), kind, key=len).rstrip('*')}*"
