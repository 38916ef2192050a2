"""Before a run: everything that can be found out without writing, as findings with remedies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.aws import Aws, Denied
from app.aws.parameters import SECURE
from app.aws.permissions import Decision, on_store
from app.clock import Clock
from app.dialects import SWITCHED
from app.errors import Conflict, GamedayError, Invalid, Unavailable
from app.evidence import Evidence
from app.experiments import Reading
from app.experiments.extension import StopCondition
from app.experiments.unproven import arms
from app.faults import Faults, Store, dead_mans_switch
from app.faults.understanding import readers_of
from app.metrics import Metrics
from app.queries import Judgement
from app.queries.freshness import is_stale
from app.runs.checks import METRIC_DELAY, UNREACHABLE, Finding, Known, Level, StoreFacts, check
from app.runs.cost import cost_of
from app.runs.rooms import Patience
from app.runs.standing import counted
from app.runs.stopping import alarming, unmet
from app.settings import Environment
from app.usage import Usage

LOOKS_BACK = timedelta(minutes=5)  # for traffic


class Preflight:
    """Asks AWS, and decides nothing: the rules are in `checks`."""

    def __init__(
        self,
        *,
        faults: Faults,
        aws: Aws,
        evidence: Evidence,
        metrics: Metrics,
        clock: Clock,
        patience: Patience,
        usage: Usage | None = None,
        blackout: Callable[[Environment, datetime], str] = Environment.blackout_at,
    ) -> None:
        self._faults = faults
        self._aws = aws
        self._evidence = evidence
        self._metrics = metrics
        self._clock = clock
        self._patience = patience
        self._usage = usage
        self._blackout = blackout  # what forbids arming there and then, as a sentence; change freezes, too

    def look(
        self,
        reading: Reading,
        environment: Environment,
        accepted: Sequence[str] = (),
        stop: Sequence[StopCondition] = (),
    ) -> list[Finding]:
        """Findings for an experiment that was read for an environment, refusals first."""
        now = self._clock.now()
        stores = self._stores(reading, environment)
        lifetime = self._lifetime(reading, environment)
        unread = self._metrics.look_at(environment, [s.query for s in reading.signals if s.query is not None])
        silent, outside = self._signals(reading, environment)
        alarms, unmet, unanswered = self._alarms(environment, [*reading.stop_conditions, *stop])
        return check(
            Known(
                stores=tuple(self._of(store, value, reading, environment) for store, value in stores.items()),
                lever=self._lever(environment),
                blackout=self._blackout(environment, now),
                credentials_until=self._credentials(environment) if stores else None,
                lease_until=now + lifetime,
                silent=silent,
                unread=unread,
                outside=outside,
                signals=sum(signal.query is not None for signal in reading.signals),
                pause=reading.expected_seconds if stores else None,
                delay=self._delay(environment),
                windows=tuple((s.name, s.query.window) for s in reading.signals if s.query is not None),
                unproven=tuple((one.activity, one.what) for one in reading.unproven),
                accepted=frozenset(accepted),
                passed_by=tuple(map(str, reading.warnings)),
                recycle=environment.recycle,
                alarms=alarms,
                alarms_unmet=unmet,
                alarms_unanswered=unanswered,
                cost=None
                if self._usage is None
                else cost_of(reading, environment, self._usage, tuple(stores)),
            )
        )

    def refuse(self, findings: Sequence[Finding], *, dry: str | None = None, queue: bool = False) -> None:
        """Conflict, or Invalid where a person could accept it, with every finding in `findings`.

        They count as they do for a run that is `dry`, or that may `queue`. Unavailable where nothing but AWS's
        silence is in the way.
        """
        findings = counted(findings, dry=dry, queue=queue)
        refused = [finding for finding in findings if finding.level is Level.REFUSAL]
        if not refused:
            return
        words = " ".join(f"{finding.sentence} {finding.remedy}".strip() for finding in refused)
        accept = sorted({finding.accept for finding in refused if finding.accept})
        told = [plain(finding) for finding in findings]
        by = next((one for one in refused if one.code == "armed"), None)
        kind: type[GamedayError] = Conflict if by or not accept else Invalid
        if all(finding.code == UNREACHABLE for finding in refused):
            kind = Unavailable
        raise kind(words, findings=told, accept=accept)

    def _stores(self, reading: Reading, environment: Environment) -> dict[Store, str]:
        """Each store that the method arms, with the first value that does."""
        method = [intent for intent in reading.intents if str(intent.phase) == "method"]
        found: dict[Store, str] = {}
        for intent in sorted(method, key=lambda one: not arms(one.store[0], one.value)):
            kind, name = intent.store
            found.setdefault(Store(environment=environment.name, kind=kind, name=name), intent.value)
        return found

    def _of(self, store: Store, value: str, reading: Reading, environment: Environment) -> StoreFacts:
        understood = None
        with contextlib.suppress(GamedayError):
            understood = self._faults.understand(environment.name, store, value)
        functions = self._functions(store)
        names = [function.name for function in functions]
        present, unread = self._present(store)
        return StoreFacts(
            store=store, value=value, understood=understood, functions=functions, present=present,
            unreadable=str(unread or ""), unanswered=unread is not None and _unanswered(unread),
            libraries=self._libraries(store, functions), holder=self._faults.busy(store),
            last=self._faults.last(store), permissions=self._permissions(store, environment),
            invocations_a_second=self._evidence.invocations_a_second(environment.name, names, LOOKS_BACK),
            log_troubles=self._evidence.troubles(environment.name, names),
            seconds_armed=reading.expected_seconds / environment.speed,
            switch=self._switch(store, environment), switch_leaves=dead_mans_switch.leaves(
                environment, store, recycle=understood is not None and understood.plan.recycle,
                secure=present is not None and present.type == SECURE,
            ),
        )  # fmt: skip

    def _functions(self, store: Store) -> tuple[Any, ...]:
        with contextlib.suppress(GamedayError):
            if store.kind in SWITCHED:
                found = self._aws.functions(store.environment).named(store.name)
                return (found,) if store.kind == "lambda-concurrency" and found else ()
            return readers_of(self._aws, store)
        return ()

    def _libraries(self, store: Store, functions: Sequence[Any]) -> Mapping[str, str | None]:
        if store.kind in SWITCHED:
            return {}
        reader = self._aws.functions(store.environment)
        return {function.name: reader.library(function).version for function in functions}

    def _present(self, store: Store) -> tuple[Any, GamedayError | None]:
        try:
            return self._aws.stores(store.environment, store.kind).describe(store.name), None
        except GamedayError as error:
            return None, error

    def _permissions(self, store: Store, environment: Environment) -> tuple[Decision, ...]:
        if environment.is_emulated:
            return ()  # an emulator lets everybody do everything
        decisions = tuple(on_store(self._aws, environment, store.kind, store.name))
        unknown = all(decision.allowed is None for decision in decisions)
        if unknown and environment.probe_by_writing:
            return (self._by_writing(store),)
        return decisions

    def _by_writing(self, store: Store) -> Decision:
        """The same value over itself: nothing changes but the version."""
        try:
            written = self._faults.write_over_itself(store)
        except GamedayError as error:
            allowed = None if _unanswered(error) else False
            return Decision(action="write", resource=str(store), allowed=allowed, why=str(error))
        why = "" if written else "it is held, armed, or not there, and is not written over itself then"
        return Decision(action="write", resource=str(store), allowed=written or None, why=why)

    def _switch(self, store: Store, environment: Environment) -> str:
        """Why nothing puts the store back once this machine is gone for good; empty where something does."""
        if environment.is_emulated or environment.dead_mans_switch_role:
            return ""
        return f"There is no dead man's switch in {environment.name}: if this machine dies for good, {store} stays armed."

    def _alarms(
        self, environment: Environment, conditions: Sequence[StopCondition]
    ) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """Those in ALARM; conditions on alarms that do not exist; and why nobody knows, where AWS does not answer."""
        try:
            asked = self._aws, environment.name, conditions
            return tuple(alarming(*asked)), tuple(unmet(*asked)), ""
        except GamedayError as error:
            if _unanswered(error):
                return (), (), str(error)
            return (f"(they could not be read: {error})",), (), ""

    def _lever(self, environment: Environment) -> str:
        engaged = self._faults.lever.engaged(environment.name)
        return f"{engaged.sentence}." if engaged else ""

    def _credentials(self, environment: Environment) -> datetime | None:
        return self._aws.credentials_until(environment.name)

    def _lifetime(self, reading: Reading, environment: Environment) -> timedelta:
        expected = timedelta(seconds=reading.expected_seconds / environment.speed + self._patience.margin)
        return min(expected, environment.longest_lease)

    def _delay(self, environment: Environment) -> float:
        """As observed, in seconds of the file's own time."""
        observed = self._metrics.observed_delay(environment.name)
        return METRIC_DELAY if observed is None else observed * environment.speed

    def _signals(self, reading: Reading, environment: Environment) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of those without fresh data, and of those outside."""
        now, poll = self._clock.now(), environment.poll_seconds
        silent, outside = [], []
        for signal in reading.signals:
            if signal.query is None:
                continue
            sample = self._metrics.latest(environment.name, signal.query.id)
            if sample is None or sample.value is None or is_stale(sample.at, now, poll):
                silent.append(signal.name)
            elif signal.tolerance is not None and signal.tolerance.judge(sample.value) is Judgement.OUTSIDE:
                outside.append(signal.name)
        return tuple(silent), tuple(outside)


def _unanswered(error: GamedayError) -> bool:
    """Whether AWS did not answer, so that the same may be found out in a moment. A no is an answer."""
    return error.retryable and not isinstance(error, Denied)


def plain(finding: Finding) -> dict[str, str]:
    """As JSON has it."""
    return {**vars(finding), "level": str(finding.level)}
