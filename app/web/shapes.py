"""What the API answers, as models: the shapes that OpenAPI describes and that a test holds every answer against."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.dialects import DisarmPlan
from app.dialects import Fault as Injection
from app.faults import FaultState
from app.faults.entry import Phase
from app.runs import JournalState, RunStatus, StepState, Verdict
from app.runs.checks import Level
from app.web.costs import Used


class Shape(BaseModel):
    """No member that is not described here."""

    model_config = ConfigDict(extra="forbid")


class Mistake(Shape):
    """One thing that is wrong, and where."""

    message: str
    path: str = ""
    file: str = ""
    line: int | None = None


class Problem(BaseModel):
    """Problem details (RFC 9457), with members of the problem's own, such as `run` of a busy store."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    problems: list[Mistake] = []
    retryable: bool = False


class Fault(Shape):
    """An entry of the ledger. Times are in UTC; seconds are counted from the first request to disarm."""

    id: int
    environment: str
    store: Annotated[str, Field(examples=["ssm:failureLambdaConfig"])]
    state: FaultState
    stuck: bool
    run: int | None
    by: str
    sentence: str
    fault: Injection
    dialect: str
    translated_from: str | None
    functions: list[str]
    value: str
    previous: str | None
    created_at: datetime
    armed_at: datetime | None
    disarm_by: datetime
    disarmed_at: datetime | None
    disarmed_by: str | None
    outcome: str | None
    attempts: int
    plan: DisarmPlan
    phase: Phase
    requested_at: datetime | None
    settles_at: datetime | None
    last_hit_at: datetime | None
    quiet_at: datetime | None
    clean_at: datetime | None
    seconds_to_quiet: float | None
    seconds_to_clean: float | None
    theirs: str | None
    undecided: bool


class Place(Shape):
    """Where a run stands that waits for a busy store: behind a run, or behind a fault that was armed by hand."""

    position: int
    run: int | None
    fault: int | None
    sentence: str


class SignalOfRun(Shape):
    """A probe of the hypothesis. `query`: the id under which its samples are kept; null: only runs measure it.

    `metrics`: of CloudWatch that one look at it asks for.
    """

    key: str
    id: str
    name: str
    tolerance: str
    low: float | None
    high: float | None
    unit: str | None
    query: str | None
    when_empty: Any
    values: list[float]
    metrics: int


class Run(Shape):
    """One execution of an experiment. `verdict` is null until it is given; `queue` is null where nothing is waited for."""

    id: int
    experiment: str
    title: str
    environment: str
    account: str | None
    region: str | None
    status: RunStatus
    deviated: bool | None
    verdict: Verdict | None
    verdict_reason: str | None
    stopped_by: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    requested_by: str
    schedule: int | None
    variables: dict[str, Any]
    rollback_strategy: str
    dry: str | None
    faults: list[Fault]
    signals: list[SignalOfRun]
    findings: list[Finding]
    stop: list[dict[str, Any]]
    proof: dict[str, Any] | None
    sha256: str
    git_commit: str | None
    git_dirty: bool | None
    journal: JournalState
    queue: Place | None
    cost: Used


class Finding(Shape):
    """`accept`: the word by which a person takes a refusal upon themselves; empty where nobody can."""

    level: Level
    code: str
    sentence: str
    remedy: str
    accept: str


class Preflight(Shape):
    experiment: str
    ready: bool
    accept: list[str]
    findings: list[Finding]


class Rollback(Shape):
    """`seconds`: how long the call took."""

    sentence: str
    disarmed: bool
    seconds: float
    faults: list[Fault]
    run: Run


class Step(Shape):
    """`seconds` are real ones: that it took, or will take."""

    state: StepState
    kind: str
    name: str
    detail: str
    seconds: float | None
    progress: float | None
    seconds_left: float | None
    background: bool
    at: datetime | None


class LastRun(Shape):
    id: int
    status: RunStatus
    verdict: Verdict | None


class Experiment(Shape):
    id: str
    file: str
    title: str
    description: str
    tags: list[str]
    valid: bool
    problems: list[Mistake]
    last_runs: list[LastRun]


class PlannedStep(Shape):
    """`seconds` as the file has them."""

    kind: str
    name: str
    sentence: str
    seconds: float | None
    background: bool


class PlannedFault(Shape):
    """`translated`: the functions obey another dialect than the value is written in, so it is rewritten on its way."""

    activity: str
    store: str
    sentence: str
    value: str
    dialect: str | None
    translated: bool
    functions: list[str]


class WholeExperiment(Experiment):
    """With its document, and what it would do in an environment; `trouble` says why that is not known."""

    document: dict[str, Any]
    environment: str
    expected_seconds: float | None
    steps: list[PlannedStep]
    faults: list[PlannedFault]
    trouble: str


class Migration(Shape):
    """`diff` as `diff -u` has it; `changed`: names of activities."""

    file: str
    dialect: str
    changed: list[str]
    written: bool
    before: str
    after: str
    diff: str


class Lever(Shape):
    environment: str | None
    state: Literal["engaged", "disengaged"]
    engaged: bool
    by: str
    why: str
    at: datetime


class Pulled(Lever):
    interrupted: list[int]
    still_armed: list[str]


class Stray(Shape):
    store: str
    environment: str
    sentence: str
    dialect: str | None
    functions: list[str]
    value: str


class SwitchedOff(Shape):
    store: str
    environment: str
    done: str


class Words(Shape):
    """What a fault would do. `trouble`: why it would do nothing, or something else; empty where it is sound."""

    sentence: str
    trouble: str


class Environment(Shape):
    """A place to run experiments in, without what is secret. `account` is null where AWS has not told."""

    name: str
    default: bool
    account: str | None
    region: str | None
    endpoint: str | None
    role_arn: str | None
    speed: int
    poll_seconds: float
    longest_lease_seconds: float
    dialects: dict[str, str]
    stores: list[str]
    blackouts: list[tuple[datetime, datetime]]
    recycle: bool
    dead_mans_switch: bool


Run.model_rebuild()
