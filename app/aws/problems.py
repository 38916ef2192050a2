"""botocore's errors as sentences, with nothing in them that signs a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from app.errors import Unavailable
from app.logs import redacted

THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
     "RequestThrottled", "RequestThrottledException", "LimitExceededException", "SlowDown", "TooManyUpdates"}
)  # fmt: skip
DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
REFUSALS = frozenset(
    {"ValidationError", "ValidationException", "InvalidParameterValue", "InvalidParameterValueException",
     "InvalidParameterCombination", "InvalidParameterCombinationException", "MissingParameter",
     "MissingRequiredParameterException"}
)  # fmt: skip


class Throttled(Unavailable):
    """AWS asks for fewer calls: back off, then call again."""

    title = "Throttled"


class Denied(Unavailable):
    """The credentials may not do this. It may still work later, once somebody changes a policy."""

    title = "Not allowed"


class Refused(Unavailable):
    """AWS understood the request and will never do it: what was asked for is wrong."""

    title = "Not accepted"
    retryable = False


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn botocore's errors into ours. `doing` begins the sentence: `Reading parameter x`."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, doing) from None
    except (BotoCoreError, ResponseParserError) as error:
        # Its own text can carry URLs and file names; the class says what a person needs.
        raise Unavailable(f"{doing} failed: {redacted(str(error))[:300]}") from None


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(error: ClientError, doing: str) -> Unavailable:
    name = code(error)
    said = redacted(str(error.response.get("Error", {}).get("Message", "")))[:300] or "no reason given"
    if name in THROTTLES:
        return Throttled(f"{doing} was throttled by AWS ({name}).", code=name)
    if name in DENIALS:
        return Denied(f"{doing} is not allowed: {said}", code=name)
    if name in REFUSALS:
        return Refused(f"{doing} failed: {name}: {said}", code=name)
    return Unavailable(f"{doing} failed: {name}: {said}", code=name)
