"""What is to be said before a run: each finding a sentence with a remedy. Pure rules over what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.aws import Function, Parameter
from app.aws.permissions import Decision
from app.dialects import SWITCHED, Fault, FaultMode, any_armed, read_as, same, stickiness
from app.dialects.words import listed
from app.evidence.sources import in_json
from app.faults import Entry, KnownBy, Store, Understanding
from app.faults.plan import resting, shown
from app.runs.cost import COST, Cost, of_cost
from app.runs.finding import Finding, Level, ok, refusal, warning

__all__ = ["Finding", "Known", "Level", "StoreFacts", "check", "ok", "refusal", "warning"]

READS_A_SECOND = 40  # of GetParameter, by default, for a whole account and region
DETAILED = frozenset({"DEBUG", "TRACE"})
ENOUGH_HITS = 10  # below which a share says nothing
# What comes of a throttled read in libraries that read at every invocation, by how their dialects begin.
THROTTLED = {"failure-lambda/0": "switch the fault off", "chaos_lambda/": "make invocations fail"}
ABSENT = {
    "event-source-mapping": "Name a mapping by its UUID, as `aws lambda list-event-source-mappings` has it.",
    "events-rule": "Name a rule, and its bus where that is not the default one.",
}
UNREACHABLE = "unreachable"  # of refusals that may be over in a moment, since AWS did not answer
LATER = "Try again in a moment."
METRIC_DELAY = 60.0  # seconds until AWS's own metrics have a minute, where no delay was observed yet


@dataclass(frozen=True, kw_only=True)
class StoreFacts:
    """What is known of one store that the method writes. None: it could not be found out."""

    store: Store
    value: str
    understood: Understanding | None
    functions: tuple[Function, ...] = ()
    libraries: Mapping[str, str | None] = field(
        default_factory=dict
    )  # by function: the version, None: none found
    present: Parameter | None = None
    unreadable: str = ""  # why the store could not be read
    unanswered: bool = False  # that is because AWS did not answer
    holder: Entry | None = None
    last: Entry | None = None  # the newest that is over
    permissions: tuple[Decision, ...] = ()
    invocations_a_second: float | None = None
    log_troubles: tuple[str, ...] = ()
    seconds_armed: float = 0.0
    switch: str = ""  # the dead man's switch: why there is none
    switch_leaves: str = ""  # what it can not do


@dataclass(frozen=True, kw_only=True)
class Known:
    stores: tuple[StoreFacts, ...] = ()
    lever: str = ""  # what the engaged lever says
    blackout: str = ""
    credentials_until: datetime | None = None  # None: they do not end, or are renewed
    lease_until: datetime | None = None
    silent: tuple[str, ...] = ()  # signals without fresh data
    unread: str = ""  # why nobody knows of those; empty: CloudWatch was asked, and has none
    outside: tuple[str, ...] = ()
    signals: int = 0
    delay: float = METRIC_DELAY  # seconds that the newest data points were late, as observed
    pause: float | None = None  # seconds from the arming to the last look, as the file has them
    windows: tuple[tuple[str, float], ...] = ()  # of each signal: how far its query looks back, in seconds
    unproven: tuple[tuple[str, str], ...] = ()  # activity, what it does
    accepted: frozenset[str] = frozenset()
    alarms: tuple[str, ...] = ()  # of the stop conditions, in ALARM already
    alarms_unmet: tuple[str, ...] = ()  # stop conditions on alarms that do not exist
    alarms_unanswered: str = ""  # why nobody knows: AWS did not answer
    passed_by: tuple[str, ...] = ()  # keys of the file that Chaos Toolkit does not read, each with its place
    recycle: bool = False  # the environment permits new containers
    cost: Cost | None = None  # None: nobody counts


Findings = Iterator[Finding]
UNPROVEN = "unproven"


def check(known: Known) -> list[Finding]:
    """Refusals first, then warnings, then what is well."""
    found = [*_of_run(known), *_of_signals(known), *_of_activities(known)]
    found += [warning("unknown-key", sentence) for sentence in known.passed_by]
    found += of_cost(known.cost, accepted=COST in known.accepted) if known.cost else ()
    found += [finding for facts in known.stores for finding in _of_store(facts, known)]
    if not known.stores and not known.unproven:
        words = "No fault that the console recognises: the run is judged by its hypothesis alone."
        found.append(warning("no-fault", words))
    order = {Level.REFUSAL: 0, Level.WARNING: 1, Level.OK: 2}
    return sorted(found, key=lambda finding: order[finding.level])


def _of_run(known: Known) -> Findings:
    if known.lever:
        yield refusal("lever", known.lever, "Disengage it at the top of any page, once that is safe.")
    if known.blackout:
        yield refusal(
            "blackout",
            known.blackout,
            "Run it after that, or change `blackouts` or `freeze_calendars` in gameday.toml.",
        )
    if known.alarms:
        yield refusal(
            "alarm",
            f"A stop condition is met already: {', '.join(known.alarms)} is in ALARM.",
            "Mend what it tells of, or leave it out of the stop conditions.",
        )
    for sentence in known.alarms_unmet:
        words = f"There is no alarm for a stop condition: “{sentence}” would never end the run."
        yield warning("no-alarm", words, "Correct its name, or make the alarm first.")
    if known.alarms_unanswered:
        yield refusal(
            UNREACHABLE,
            f"The alarms of its stop conditions can not be read: {known.alarms_unanswered}",
            LATER,
        )
    ends, wanted = known.credentials_until, known.lease_until
    if known.stores and ends is not None and wanted is not None and ends < wanted:
        yield refusal(
            "credentials", f"The console's credentials end at {ends:%H:%M} UTC, before the fault's deadline at {wanted:%H:%M}.",
            "Sign in again, or give the environment a role_arn that can be renewed.",
        )  # fmt: skip


def _of_signals(known: Known) -> Findings:
    if known.outside:
        one = len(known.outside) == 1
        where = "is outside its tolerance" if one else "are outside their tolerances"
        until = "it is" if one else "they are"
        yield warning("outside", f"{listed(known.outside)} {where} now: the run would end before its method.",
                      f"Wait until {until} within, or mend what is wrong.")  # fmt: skip
    if known.silent and known.unread:
        yield warning("no-data", f"{listed(known.silent)} could not be looked at: {known.unread}", LATER)
    elif known.silent:
        yield warning("no-data", f"No fresh data for {listed(known.silent)}.", "Is there traffic?")
    if known.signals and not known.outside and not known.silent:
        yield ok("signals", "The one signal has data and is within."
                 if known.signals == 1 else f"All {known.signals} signals have data and are within.")  # fmt: skip
    pause = known.pause if known.stores else None
    short = [] if pause is None else [one for one in known.windows if pause < one[1] + known.delay]
    if short and pause is not None:
        names, needed = listed([name for name, _ in short]), max(w for _, w in short) + known.delay
        looks = "looks" if len(short) == 1 else "look"
        yield warning(
            "short-pause",
            f"The last look comes {pause:.0f} s after the fault is armed. {names} {looks} back up to "
            f"{needed - known.delay:g} s, over metrics that are {known.delay:.0f} s late: minutes from before the fault are "
            "still in sight.",
            f"Pause for {needed:.0f} s where that matters.",
        )


def _of_activities(known: Known) -> Findings:
    for activity, what in known.unproven:
        sentence = f"“{activity}” {what}: it changes something the console cannot undo or prove."
        if UNPROVEN in known.accepted:
            yield warning(
                "unproven", f"{sentence} You have accepted that.", "Check by hand what it leaves behind."
            )
        else:
            yield refusal(
                "unproven",
                sentence,
                "Accept that (`unproven`) to start all the same, and check by hand what it leaves behind.",
                accept=UNPROVEN,
            )


def _of_store(facts: StoreFacts, known: Known) -> Findings:
    yield from _of_holder(facts)
    yield from _of_readers(facts)
    if facts.unanswered:
        yield refusal(UNREACHABLE, f"{facts.store} can not be read: {facts.unreadable}", LATER)
    elif facts.unreadable:
        yield refusal("unreadable", f"{facts.store} can not be read: {facts.unreadable}", "Mend that first: nothing is armed that can not be read.")  # fmt: skip
    else:
        yield from _of_value(facts)
    yield from _of_permissions(facts)
    if facts.understood is not None and facts.understood.fault is not None:
        yield from _of_traffic(facts, facts.understood.fault)
        yield from _of_ending(facts, facts.understood, facts.understood.fault, recycle=known.recycle)
        yield from _of_proof(facts, facts.understood, facts.understood.fault)
    for trouble in facts.log_troubles:
        yield warning("log", trouble, "Without its lines nobody sees whether the fault fires.")
    if facts.switch:
        yield warning(
            "dead-mans-switch",
            facts.switch,
            "Name `dead_mans_switch_role` for the environment in gameday.toml.",
        )
    if facts.switch_leaves:
        yield warning(
            "dead-mans-switch",
            facts.switch_leaves,
            "Somebody else should know how: the Faults page has the command.",
        )


def _of_holder(facts: StoreFacts) -> Findings:
    if facts.holder is None:
        return
    who = f"run {facts.holder.run_id}" if facts.holder.run_id else facts.holder.by
    yield refusal(
        "armed",
        f"{facts.store} is armed by {who}: {facts.holder.sentence}.",
        "Roll that back, or wait for its end.",
    )


def _of_readers(facts: StoreFacts) -> Findings:
    understood = facts.understood
    if understood is None:
        yield warning(
            "readers", f"Who reads {facts.store} could not be found out now.", "Try again in a moment."
        )
        return
    if understood.refusal:
        yield refusal("dialect", understood.refusal, "Migrate the file, or deploy a version that is spoken.")
        return
    if not understood.functions and facts.store.kind in ("ssm", "appconfig"):
        yield warning("no-function", f"No function that is known reads {facts.store}.",
                      "Does its FAILURE_INJECTION_PARAM, FAILURE_APPCONFIG_* or CHAOS_PARAM name it?")  # fmt: skip
        return
    count = len(understood.functions)
    readers = f"{count} functions" if count != 1 else understood.functions[0]
    if facts.store.kind in ("ssm", "appconfig"):
        yield ok("dialect", f"{facts.store} is read by {readers}: {understood.known_by} ({understood.sure}).")
    missing = [name for name, version in facts.libraries.items() if version is None]
    if missing and understood.known is not KnownBy.DECLARED:
        yield warning("library", f"No fault library was found in {listed(missing)}: the value may mean nothing there.",
                      "Install failure-lambda or chaos_lambda, or declare the dialect in gameday.toml.")  # fmt: skip
    if understood.translated:
        yield warning("translated", f"The value is written for {understood.translated_from}, which the functions ignore "
                      f"without a word. It is translated to {understood.function_dialect}; the file stays as it is.",
                      f"gameday faults migrate FILE --to {understood.function_dialect}")  # fmt: skip
    # Only 1.x from npm knows the variable: the Layer does not, nor does 0.x.
    passed_by = [function.name for function in facts.functions if function.disabled and not function.wrapper]
    if passed_by and understood.function_dialect in (None, "failure-lambda/1.x"):
        yield refusal("disabled", f"FAILURE_LAMBDA_DISABLED is set on {listed(passed_by)}: the library is passed by.",
                      "Take the variable away.")  # fmt: skip


def _of_value(facts: StoreFacts) -> Findings:
    present, store = facts.present, facts.store
    if present is None and store.kind in ("ssm", "appconfig"):
        python = (facts.understood.function_dialect or "") if facts.understood else ""
        fails = (
            " Without it, every invocation of a chaos_lambda function fails."
            if python.startswith("chaos_lambda")
            else ""
        )
        yield warning(
            "missing", f"There is no {store} yet.{fails}", "The run makes it, and it is removed again."
        )
        return
    if present is None:
        if store.kind in ABSENT:
            yield refusal("missing", f"There is no {store}.", ABSENT[store.kind])
        return
    if store.kind in SWITCHED and _is_off_already(facts, present):
        yield warning("armed-outside", f"{store} is {shown(present.value, secret=False)} already: the run changes nothing there.",
                      "That is what will be put back. Switch it on first, if it is to work before the run and after it.")  # fmt: skip
        return
    text = present.value.decode("utf-8", "replace")
    by = f", last written by {present.written_by}" if present.written_by else ""
    if facts.holder is None and store.kind in ("ssm", "appconfig") and any_armed(text):
        yield warning("armed-outside", f"{store} holds an armed fault that is not this console's{by}: {shown(present.value, secret=present.secret)}",
                      "It is switched off after the run, not put back. Whoever armed it should know.")  # fmt: skip
    elif (
        facts.last is not None
        and facts.last.disarmed_at
        and not same(resting(facts.last), present.value)
        and facts.last.resolved_by is None
    ):
        yield warning("changed", f"{store} was changed by somebody else since this console last wrote it{by}.",
                      "What is there now is what will be put back.")  # fmt: skip
    elif facts.holder is None:
        yield ok("idle", f"Nothing is armed in {store}.")


def _is_off_already(facts: StoreFacts, present: Parameter) -> bool:
    """A limit of some size is how a function is meant to work; none at all, or the one that is to be set, is not."""
    fault = read_as(facts.store.kind, present.value.decode("utf-8", "replace"))
    if facts.holder is not None or fault is None:
        return False
    return not fault.limit or same(present.value, facts.value.encode())


def _of_permissions(facts: StoreFacts) -> Findings:
    denied = [decision for decision in facts.permissions if decision.allowed is False]
    unknown = [decision for decision in facts.permissions if decision.allowed is None]
    if denied:
        what = ", ".join(f"{decision.action} on {decision.resource}" for decision in denied)
        yield refusal("permission", f"This console may not {what}: it could not arm the fault and restore what was there.",
                      "Allow it: `docs/reference/iam.md` has the policy.")  # fmt: skip
    elif unknown:
        yield warning("permission-unknown", f"Whether this console may write and restore {facts.store} could not be asked: {unknown[0].why}.",
                      "Allow iam:SimulatePrincipalPolicy, or set probe_by_writing.")  # fmt: skip
    elif facts.permissions:
        yield ok("permission", f"This console may write and restore {facts.store}.")


def _of_traffic(facts: StoreFacts, fault: Fault) -> Findings:
    rate = facts.invocations_a_second
    if rate is None or fault.is_switch:
        return
    if rate == 0:
        yield warning(
            "no-traffic",
            "The functions were not invoked in the last minutes: nothing would be hit.",
            "Start traffic.",
        )
        return
    hits = rate * fault.rate * facts.seconds_armed
    if hits < ENOUGH_HITS:
        yield warning("few-hits", f"About {hits:.0f} invocations would be hit at {rate:.2g} a second: too few to tell anything.",
                      "Arm it for longer, for a larger share, or send more traffic.")  # fmt: skip
    dialect = (facts.understood.function_dialect or "") if facts.understood else ""
    come_to = next((words for begins, words in THROTTLED.items() if dialect.startswith(begins)), None)
    if come_to and facts.store.kind == "ssm" and rate > READS_A_SECOND:
        yield warning("throttled-reads", f"{rate:.0f} invocations a second each read the parameter, and Parameter Store allows {READS_A_SECOND}: "
                      f"reads that are throttled {come_to}.",
                      "Raise the throughput setting of Parameter Store, or use failure-lambda 1.x, which caches.")  # fmt: skip


def _of_proof(facts: StoreFacts, understood: Understanding, fault: Fault) -> Findings:
    """chaos_lambda writes at INFO before its dice, and at DEBUG after them, of an exception nothing."""
    if not (understood.function_dialect or "").startswith("chaos_lambda/") or fault.rate >= 1:
        return
    names = [
        one.name
        for one in facts.functions
        if in_json(one) and (one.application_log_level or "INFO") not in DETAILED
    ]
    if fault.mode is FaultMode.EXCEPTION:
        yield warning("log", "chaos_lambda never says whether an exception struck: below a rate of 100 % nobody sees it.",
                      "Arm it at a rate of 100 %, or with another fault.")  # fmt: skip
    elif names:
        yield warning("log", f"{listed(names)} logs in JSON above DEBUG, and below a rate of 100 % chaos_lambda says at DEBUG only whether "
                      "the fault struck.", "Set its ApplicationLogLevel to DEBUG, or arm it at a rate of 100 %.")  # fmt: skip


def _of_ending(facts: StoreFacts, understood: Understanding, fault: Fault, *, recycle: bool) -> Findings:
    plan = understood.plan
    dialect = understood.function_dialect or understood.dialect or ""
    modes = {one.mode for one in fault.every}
    if FaultMode.DENYLIST in modes and any(function.keep_alive for function in facts.functions):
        yield warning("keep-alive", "The functions keep connections alive, and a deny list is asked when one is opened: "
                      "fewer calls may be refused than asked for.", "Arm it for longer than connections live.")  # fmt: skip
    if sticky := stickiness(fault, dialect):
        yield warning(
            "sticky",
            f"This version: {sticky}.",
            "Expect a larger share than asked for, container by container.",
        )
    if plan.recycle:
        how = (
            "its containers are replaced at the end"
            if recycle
            else "its containers have to be replaced by hand, since `recycle` is not set"
        )
        yield warning(
            "disarm-plan",
            f"Switching this fault off does not clear warm containers: {how}.",
            "Or use failure-lambda 0.4.2 or newer.",
        )
    else:
        yield ok("disarm-plan", plan.sentence)
    if plan.left:
        yield warning("left-behind", plan.left, "Replace the containers if that matters.")
