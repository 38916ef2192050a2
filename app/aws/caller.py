"""Who AWS says we are, and what time it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.aws.clients import Aws
from app.errors import GamedayError
from app.logs import redacted

LONGEST = 300  # characters of AWS's own words


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What STS says of whoever asks. `trouble`: its error, where it does not."""

    arn: str = ""
    account: str = ""
    trouble: str = ""
    ends: datetime | None = None  # when the credentials end for good
    skew: timedelta | None = None  # AWS's clock minus this one's; None where AWS told no time

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1] if self.arn else "aws"


def caller_of(aws: Aws, environment: str, *, now: datetime) -> Caller:
    """Never raises for AWS."""
    try:
        answer: Mapping[str, Any] = aws.client(environment, "sts").get_caller_identity()
        return Caller(
            arn=answer["Arn"], account=answer["Account"], skew=_skew(answer, now),
            ends=aws.credentials_until(environment),
        )  # fmt: skip
    except ClientError as error:
        told = error.response.get("Error", {})
        why = redacted(f"{told.get('Code', '')}: {told.get('Message', '')}")
        return Caller(trouble=why[:LONGEST], skew=_skew(error.response, now))
    except (BotoCoreError, GamedayError) as error:
        return Caller(trouble=redacted(str(error))[:LONGEST])


def _skew(answer: Mapping[str, Any], now: datetime) -> timedelta | None:
    """By the answer's Date header, which counts whole seconds."""
    try:
        told = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return told.astimezone(UTC) - now
