"""What part of the past a request means, and how it falls into periods. Pure.

As on AWS: StartTime is rounded down to the minute, and periods are anchored there, not at the epoch;
EndTime is exclusive; a point belongs to the minute in which it happened.

**The open minute.** CloudWatch learns of a minute once it is over. A minute is visible here when it
ended by EndTime *and* by now. So a request for `now - 5 min … now` with a period of 300 s has exactly one
value with data: the whole bucket `floor(start) … floor(start) + 300 s`. A second bucket begins at
`floor(start) + 300 s < now` (unless now is on a minute), but its first minute ends after EndTime, so it is
empty and has no value, and `Values[0]`, newest first, is always a whole bucket. (On AWS such a bucket can
briefly hold its first minute, when the request is late; counting it would make the newest value one of a
minute, chosen by chance.)

**Speed.** At speed N the length of the window, the period and the minute are divided by N, the end stays:
at 10, `now - 5 min … now` with 300 s means the newest 30 s in one bucket. Timestamps in answers are the
real instants at which buckets began: they lie inside the window asked for, agree with logs and with what
happened, stay the same when asked again, and are `period / N` apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MINUTE = 60  # seconds, on AWS


@dataclass(frozen=True, kw_only=True)
class Window:
    """Seconds since the epoch; all are whole minutes of the sandbox except `end` and `visible`."""

    first: int  # where periods are anchored
    end: float  # exclusive: no bucket begins here or later
    visible: float  # minutes that ended later are still open
    minute: int  # seconds of a minute

    @classmethod
    def of(cls, start: float, end: float, *, now: float, speed: int) -> Window:
        """`start` < `end`, `now` in seconds since the epoch."""
        minute = MINUTE // speed
        first = int((end - (end - start) / speed) // minute) * minute
        return cls(first=first, end=end, visible=min(now, end), minute=minute)

    def period(self, asked: int) -> int:
        """Seconds of a bucket for a Period asked in AWS's seconds; never less than a minute of ours."""
        return max(1, asked // MINUTE) * self.minute

    def buckets(self, asked: int) -> list[int]:
        """The seconds at which buckets begin that have at least one minute that is over, oldest first."""
        return list(range(self.first, math.floor(self.visible) - self.minute + 1, self.period(asked)))

    def bucket(self, second: int, asked: int) -> int:
        """The bucket that a minute (by its beginning) falls into."""
        period = self.period(asked)
        return self.first + (second - self.first) // period * period
