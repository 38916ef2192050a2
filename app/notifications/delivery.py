"""A notice on its way to one channel, as a value; when it is tried again, and when no more. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.notifications.notice import Notice

FIRST_WAIT, LONGEST_WAIT = 5.0, 3600.0  # seconds
GIVE_UP_AFTER = timedelta(days=3)
LOST_AFTER = timedelta(minutes=5)  # a sender that says nothing for so long died on its way


class DeliveryState(StrEnum):
    PENDING = "pending"  # to be sent, or to be tried again
    SENDING = "sending"  # somebody has it in hand
    SENT = "sent"  # the receiver took it
    GIVEN_UP = "given up"  # not taken for three days


@dataclass(frozen=True, kw_only=True)
class Delivery:
    id: int
    key: str  # the same at every attempt
    channel: str
    notice_id: int
    notice: Notice
    state: DeliveryState
    attempts: int  # begun
    next_attempt_at: datetime | None
    last_error: str | None  # a sentence without a secret
    created_at: datetime
    sent_at: datetime | None

    @property
    def over(self) -> bool:
        return self.state in (DeliveryState.SENT, DeliveryState.GIVEN_UP)


def retry_at(attempts: int, now: datetime, *, dice: float) -> datetime:
    """Twice as long after each attempt, up to an hour; `dice`, 0 to 1, spreads what failed together."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 20))
    return now + timedelta(seconds=wait * (0.5 + dice / 2))


def after_failure(
    attempts: int, created_at: datetime, now: datetime, *, dice: float
) -> tuple[DeliveryState, datetime | None]:
    """What becomes of a delivery that was not taken."""
    if now - created_at >= GIVE_UP_AFTER:
        return DeliveryState.GIVEN_UP, None
    return DeliveryState.PENDING, retry_at(attempts, now, dice=dice)
