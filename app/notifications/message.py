"""A notice as people and programs read it. Pure, but for the templates, which are files.

Much of a notice comes out of experiments, which are hostile: no text of it is a template, starts a line of its
own, or calls a whole room.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.logs import visible
from app.notifications.notice import Kind, Notice
from app.notifications.stop_links import StopLink

LONGEST_TITLE, LONGEST_TEXT = 160, 1000  # characters
MARGIN = timedelta(hours=1)  # that a stop link outlives the deadline
STUCK_FOR = timedelta(days=1)  # that one is good where there is no deadline any more
STOPPABLE = frozenset({Kind.ARMING, Kind.ARMED, Kind.EXTENDED, Kind.STUCK})
EVERYBODY = re.compile(r"@(?=(everyone|here|channel|all)\b)", re.IGNORECASE)
MENTION = re.compile(r"<(?=[@!#])")  # as Slack and Discord write one
LINK = re.compile(r"\](?=\()")  # a link under a text of the file's choice
TIMES = ("until", "fire")
KNOWN = (
    "what", "functions", "share", "store", "by", "run", "outcome", "phase", "why", "state", "verdict", "reason", "was",
    "experiment", "title", "schedule", "name", "sentence",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an environment is. None: AWS did not say."""

    account: str | None = None
    alias: str | None = None
    region: str | None = None

    @property
    def text(self) -> str:
        """`account payments 123456789012, eu-central-1`, as far as it is known."""
        account = " ".join(filter(None, (self.alias, self.account)))
        return ", ".join(filter(None, (f"account {account}" if account else "account unknown", self.region)))


Places = Mapping[str, Place]  # by environment: those that a notice concerns


@dataclass(frozen=True, kw_only=True)
class Message:
    """`key` is the same at every attempt, so that a receiver knows it again."""

    key: str
    title: str  # one line
    body: str
    payload: Mapping[str, Any]  # for programs
    at: datetime


def stop_link(notice: Notice, channel: str) -> StopLink | None:
    """What a message may offer to end: the run where there is one, else the fault; None for other kinds."""
    if notice.kind not in STOPPABLE:
        return None
    run, (noun, _, number) = notice.data.get("run"), notice.subject.partition(":")
    noun, number = ("run", str(run)) if run else (noun, number)
    if not number.isdecimal():
        return None
    deadline = read_time(notice.data.get("until")) or notice.at
    until = max(deadline, notice.at) + (STUCK_FOR if notice.kind is Kind.STUCK else MARGIN)
    return StopLink(noun=noun, id=int(number), channel=channel, until=until)


def path_of(notice: Notice) -> str:
    """The page that shows more."""
    noun, _, number = notice.subject.partition(":")
    run = number if noun == "run" else notice.data.get("run")
    if run:
        return f"/runs/{run}"
    if noun == "schedule" and number:
        return f"/schedules/{number}"
    return {"fault": "/faults", "lever": "/faults#safety-lever"}.get(noun, "/notifications")


def words(
    notice: Notice, *, number: int, places: Places, address: str, stop: str, until: datetime | None
) -> dict[str, Any]:
    """What a template may name. Every text is one line; what is not known is empty."""
    told = {name: clean(value) for name, value in notice.data.items()}
    for name in TIMES:
        told[name] = moment(read_time(notice.data.get(name)))
    return {
        **dict.fromkeys(KNOWN, ""), **told, "kind": str(notice.kind), "environment": clean(notice.environment),
        "place": clean(_where(notice, places)), "subject": clean(notice.subject), "at": moment(notice.at), "number": number,
        "link": f"{address}{path_of(notice)}", "stop": stop, "stop_until": moment(until),
    }  # fmt: skip


def payload(
    notice: Notice,
    *,
    number: int,
    places: Places,
    title: str,
    address: str,
    stop: str,
    until: datetime | None,
) -> dict[str, Any]:
    """What our own webhooks send: the same facts, for programs."""
    noun, _, subject = notice.subject.partition(":")
    place = places.get(notice.environment, Place())
    return {
        "type": f"gameday.{str(notice.kind).replace(' ', '_')}",
        "timestamp": notice.at.isoformat(),
        "data": {
            "notice": number, "kind": str(notice.kind), "text": title, "environment": notice.environment or None,
            "account": place.account, "region": place.region, "environments": [_named(*one) for one in places.items()],
            "subject": {"noun": noun, "id": subject or None},
            "link": f"{address}{path_of(notice)}", "stop": stop or None,
            "stop_until": until.isoformat() if stop and until else None, "details": dict(notice.data),
        },
    }  # fmt: skip


def _where(notice: Notice, places: Places) -> str:
    """Of its environment; of each, by name, where it concerns them all."""
    if notice.environment:
        return places.get(notice.environment, Place()).text
    return "; ".join(f"{name}: {place.text}" for name, place in places.items())


def _named(name: str, place: Place) -> dict[str, Any]:
    return {"name": name, "account": place.account, "region": place.region}


def split(text: str) -> tuple[str, str]:
    """A template's first line is the title; the rest, the body."""
    title, _, body = text.strip().partition("\n")
    title = clean(title)
    return (title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"), f"{body.strip()}\n"


def clean(value: Any) -> Any:
    """One line of what can be seen: no control or direction sign, no call of a whole room, and not too long."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(clean(one)) for one in value)
    if not isinstance(value, str):
        return "" if value is None else value
    line = EVERYBODY.sub("@\u2060", " ".join(visible(value).split()))
    line = LINK.sub("]\u2060", MENTION.sub("<\u2060", line))
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"


def moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def read_time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
