"""A schedule as a person defines it, on a page, by the API or in a file: one reader for all of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import Invalid, Problem
from app.experiments import plain
from app.experiments.runtime import ACCEPTABLE, ROLLBACK_STRATEGIES
from app.schedules import cron, zones
from app.schedules.rule import Kind, Rule, fires, shortest_gap
from app.settings.channel import unknown

LONGEST_NAME, LONGEST_TEXT, MOST = 200, 400, 50
SHORTEST_INTERVAL = timedelta(minutes=1)
LONGEST_JITTER = timedelta(days=1)
EXAMPLES = {
    "cron": "Write when it fires, like “0 3 * * 1-5”.",
    "every": "Write how often it fires, like “6h” or “1d”.",
    "at": "Write when it fires, like “2026-12-24T09:00”.",
}
WHENS = {"cron": Kind.CRON, "every": Kind.INTERVAL, "at": Kind.ONCE}
FIELDS = (
    "name", "experiment", "environment", *WHENS, "time_zone", "start", "end", "jitter", "only_on_business_days",
    "missed", "queue", "paused", "tell", "variables", "rollback_strategy", "accept",
)  # fmt: skip


class Missed(StrEnum):
    """What becomes of fires that no console was there for."""

    SKIP = "skip"
    RUN_ONCE = "run_once"  # one run for all of them


@dataclass(frozen=True, kw_only=True)
class Definition:
    """`fields`: as they were written, with defaults filled in: what the table and the API hold."""

    name: str
    experiment: str
    environment: str
    rule: Rule
    missed: Missed = Missed.SKIP
    queue: bool = False  # waits behind a busy store, instead of being refused
    paused: bool = False
    tell: tuple[str, ...] = ()  # channels, besides the environment's own
    variables: Mapping[str, Any] = field(default_factory=dict)
    rollback_strategy: str | None = None
    accept: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seed(self) -> str:
        """What jitter goes by: known before the schedule has an id."""
        return f"{self.name}\n{self.experiment}\n{self.environment}"


def parse(given: Mapping[str, Any]) -> Definition:
    """Invalid with every problem, each with the field as its path."""
    plain.refuse(given)
    form = _Form(given)
    definition = _definition(form)
    if form.problems:
        raise refused(form.problems)
    return definition


def refuse_never(definition: Definition, now: datetime) -> None:
    """Invalid where nothing is to come."""
    rule = definition.rule
    if next(fires(rule, now), None) is None:
        path = next(key for key, kind in WHENS.items() if kind is rule.kind)
        raise refused(
            [Problem(message="It never fires from now on. Look at its day, start and end.", path=path)]
        )


def refuse_long_jitter(definition: Definition, now: datetime) -> None:
    """Invalid where two fires could come at once, or the wrong way round."""
    rule = definition.rule
    gap = shortest_gap(rule, now) if rule.jitter else None
    if gap is not None and rule.jitter >= gap:
        words = f"A jitter of {zones.written(rule.jitter)} is not shorter than the {zones.written(gap)} between two fires."
        raise refused([Problem(message=words, path="jitter")])


def refuse_unknown_channels(definition: Definition, channels: Collection[str]) -> None:
    """Invalid where somebody is to hear of it who is not there: a slip of the pen would leave a refusal untold."""
    if wrong := unknown(definition.tell, channels):
        raise refused([Problem(message=wrong, path="tell")])


def refuse_all(*refusals: Callable[[], None]) -> None:
    """Invalid with what any of them finds: whoever made two mistakes hears of both at once."""
    found: list[Problem] = []
    for refuse in refusals:
        try:
            refuse()
        except Invalid as error:
            found += error.problems
    if found:
        raise refused(found)


def refused(problems: list[Problem]) -> Invalid:
    return Invalid("; ".join(f"{one.path}: {one.message}" for one in problems), problems=tuple(problems))


def _definition(form: _Form) -> Definition:
    zone_name = form.text("time_zone") or "UTC"
    if not zones.known(zone_name):
        form.wrong("time_zone", f"“{zone_name}” is no IANA time zone. Write one like “Europe/Berlin”.")
        zone_name = "UTC"
    zone = ZoneInfo(zone_name)
    rule = _rule(form, zone)
    missed = form.text("missed") or Missed.SKIP
    if missed not in list(Missed):
        form.wrong("missed", "A missed fire is “skip” or “run_once”.")
        missed = Missed.SKIP
    strategy = form.text("rollback_strategy") or None
    if strategy is not None and strategy not in ROLLBACK_STRATEGIES:
        form.wrong("rollback_strategy", f"A rollback strategy is one of {', '.join(ROLLBACK_STRATEGIES)}.")
    accept = form.names("accept")
    for one in (word for word in accept if word not in ACCEPTABLE):
        form.wrong("accept", f"Nobody can accept “{one}”. It is a list of {' or '.join(ACCEPTABLE)}.")
    if form.unknown:
        for one in form.unknown:
            form.wrong(one, f"There is no such field. There are: {', '.join(FIELDS)}.")
    return Definition(
        name=form.needed("name", LONGEST_NAME), experiment=form.needed("experiment"), environment=form.needed("environment"),
        rule=rule, missed=Missed(missed), queue=form.flag("queue"), paused=form.flag("paused"), tell=form.names("tell"),
        variables=form.table("variables"), rollback_strategy=strategy, accept=accept,
        fields={key: _plain(value) for key, value in form.given.items() if value not in (None, "")} | {"time_zone": zone_name},
    )  # fmt: skip


def _rule(form: _Form, zone: ZoneInfo) -> Rule:
    named = [key for key in WHENS if form.says(key)]
    chosen = [key for key in WHENS if form.given.get(key) is not None]
    if not named and len(chosen) == 1:
        form.wrong(chosen[0], f"It is empty. {EXAMPLES[chosen[0]]}")
        return Rule(kind=Kind.ONCE, zone=zone)
    if len(named) != 1:
        form.wrong(named[1] if named else "cron", "A schedule has one of cron, every and at, and only one.")
        return Rule(kind=Kind.ONCE, zone=zone)
    start, end = form.moment("start", zone), form.moment("end", zone, end_of_day=True)
    if start and end and start > end:
        form.wrong("end", "It ends before it starts.")
    jitter = form.duration("jitter") or timedelta()
    if jitter > LONGEST_JITTER:
        form.wrong("jitter", "A jitter is a day at most.")
    text = form.text(named[0])
    every = form.duration("every")
    if named[0] == "every" and every is not None and every < SHORTEST_INTERVAL:
        form.wrong("every", "An interval is a minute at least.")
    if named[0] == "cron" and (wrong := cron.problem(text)):
        form.wrong("cron", wrong)
    once = form.moment("at", zone)
    return Rule(
        kind=WHENS[named[0]], cron=text if named[0] == "cron" else "", every=every or timedelta(), zone=zone, start=start, end=end,
        jitter=jitter, only_on_business_days=form.flag("only_on_business_days"), **({"at": once} if once else {}),
    )  # fmt: skip


class _Form:
    """Reads fields by their kind, and notes what is wrong with each."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.problems: list[Problem] = []
        self.unknown = [str(key) for key in given if key not in FIELDS]

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(Problem(message=message, path=name))

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        value = _plain(self.given.get(name))
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > longest or not value.replace(" ", "x").isprintable():
            self.wrong(name, f"It is a text of at most {longest} characters on one line.")
            return ""
        return value.strip()

    def needed(self, name: str, longest: int = LONGEST_TEXT) -> str:
        before = len(self.problems)
        value = self.text(name, longest)
        if not value and len(self.problems) == before:
            self.wrong(name, "It is missing.")
        return value

    def flag(self, name: str) -> bool:
        value = self.given.get(name)
        if value not in (None, True, False, ""):
            self.wrong(name, "It is true or false.")
        return value is True

    def says(self, name: str) -> bool:
        """Whether there is more than nothing, or blanks."""
        value = self.given.get(name)
        return bool(value.strip()) if isinstance(value, str) else value is not None

    def duration(self, name: str) -> timedelta | None:
        """None where there is none, or what is there can not be read."""
        text = self.text(name)
        length = zones.duration(text) if text else None
        if text and length is None:
            self.wrong(name, f"“{text}” is no length of time. Write “90s”, “30m”, “2h” or “1d”.")
        return length

    def moment(self, name: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime | None:
        text = self.text(name)
        found = zones.moment(text, zone, end_of_day=end_of_day) if text else None
        if text and found is None:
            self.wrong(name, f"“{text}” is no time. Write “2026-12-24T09:00”, or a day.")
        return found

    def names(self, name: str) -> tuple[str, ...]:
        value = self.given.get(name) or []
        if (
            not isinstance(value, list | tuple)
            or len(value) > MOST
            or not all(isinstance(one, str) and 0 < len(one) <= LONGEST_NAME for one in value)
        ):
            self.wrong(name, f"It is a list of names: [{name}-1, {name}-2].")
            return ()
        return tuple(value)

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.given.get(name) or {}
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            self.wrong(name, "It is a table of names and values.")
            return {}
        return dict(value)


def _plain(value: Any) -> Any:
    """YAML reads an unquoted day as a date."""
    return value.isoformat() if isinstance(value, date | datetime) else value
