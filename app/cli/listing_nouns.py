"""What tables and sheets show of each noun, and what is said where there is none. Rows are as the API has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cli.listing import Column, Row, moment


@dataclass(frozen=True, kw_only=True)
class Noun:
    columns: tuple[Column, ...]
    fields: tuple[tuple[str, Callable[[Row], str]], ...]
    none: str  # a sentence with what to do


def _of(key: str) -> Callable[[Row], str]:
    return lambda row: _words(row.get(key))


def _at(key: str) -> Callable[[Row], str]:
    return lambda row: f"{moment(row[key])} UTC" if row.get(key) else ""


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "\n".join(f"{name} = {inner}" for name, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(_words(one) for one in value)
    return str(value)


def _last(row: Row) -> str:
    """What its last run taught."""
    if not row["valid"]:
        return "not valid"
    last = next(iter(row["last_runs"]), None)
    return "never run" if last is None else str(last["verdict"] or last["status"])


def _outcome(row: Row) -> str:
    return str(row["verdict"] or row["status"])


def _problems(row: Row) -> str:
    places = (":".join(str(one[key]) for key in ("file", "line") if one[key]) for one in row["problems"])
    lines = zip(places, row["problems"], strict=True)
    return "\n".join("  ".join(filter(None, (place, one["path"], one["message"]))) for place, one in lines)


def _findings(row: Row) -> str:
    loud = [one for one in row["findings"] if one["level"] != "ok"]
    return "\n".join(f"{one['level']}: {one['sentence']}" for one in loud)


def _faults(row: Row) -> str:
    return "\n".join(
        f"{one['id']}  {one['store']}  {one['phase']}: {one['sentence']}" for one in row["faults"]
    )


def _signals(row: Row) -> str:
    return "\n".join(f"{one['id']}  {one['name']}: {one['tolerance']}" for one in row["signals"])


def _runs(row: Row) -> str:
    return "\n".join(f"{one['id']}  {one['verdict'] or one['status']}" for one in row["last_runs"])


def _access(row: Row) -> str:
    """As whom, or by what, AWS is reached there."""
    return str(row["role_arn"] or row.get("profile") or row["endpoint"] or "this process's own")


def _lease(row: Row) -> str:
    return f"{row['longest_lease_seconds'] / 60:g} min"


def _value(row: Row) -> str:
    return "no data" if row["value"] is None else f"{row['value']:.6g} {row['unit']}".rstrip()


def _tolerances(row: Row) -> str:
    return "; ".join(dict.fromkeys(one["tolerance"] for one in row["experiments"]))


def _measured(row: Row) -> str:
    return ", ".join(one["id"] for one in row["experiments"])


def _judged(row: Row) -> str:
    return "\n".join(
        f"{one['id']}  {one['tolerance']}: {one['judgement'] or 'not judged'}" for one in row["experiments"]
    )


EXPERIMENTS = Noun(
    columns=(
        Column(head="ID", text=_of("id")),
        Column(head="LAST RUN", text=_last),
        Column(head="TITLE", text=_of("title"), prose=True),
    ),
    fields=(
        ("id", _of("id")), ("file", lambda row: f"experiments/{row['file']}"), ("title", _of("title")),
        ("description", _of("description")), ("tags", lambda row: ", ".join(row["tags"])),
        ("problems", _problems), ("last runs", _runs),
    ),
    none="There are no experiments. Put Chaos Toolkit's files, JSON or YAML, under experiments/.",
)  # fmt: skip
RUNS = Noun(
    columns=(
        Column(head="ID", text=_of("id")),
        Column(head="OUTCOME", text=_outcome),
        Column(head="STARTED (UTC)", text=lambda row: moment(row["created_at"])),
        Column(head="ENVIRONMENT", text=_of("environment")),
        Column(head="EXPERIMENT", text=_of("experiment")),
    ),
    fields=(
        ("id", _of("id")), ("experiment", _of("experiment")), ("environment", _of("environment")),
        ("account", _of("account")), ("region", _of("region")), ("asked by", _of("requested_by")),
        ("status", _of("status")), ("verdict", _of("verdict")), ("because", _of("verdict_reason")),
        ("stopped by", _of("stopped_by")), ("asked at", _at("created_at")), ("started", _at("started_at")),
        ("ended", _at("ended_at")), ("variables", _of("variables")), ("commit", _of("git_commit")),
        ("journal", _of("journal")), ("findings", _findings), ("faults", _faults), ("signals", _signals),
    ),
    none="Nothing has been run yet. `gameday experiments list` has the ids, and `gameday run ID` starts one.",
)  # fmt: skip
FAULTS = Noun(
    columns=(
        Column(head="ID", text=_of("id")),
        Column(head="PHASE", text=_of("phase")),
        Column(head="UNTIL (UTC)", text=lambda row: moment(row["disarm_by"])),
        Column(head="RUN", text=lambda row: str(row["run"] or "by hand")),
        Column(head="STORE", text=_of("store")),
        Column(head="WHAT IT DOES", text=_of("sentence"), prose=True),
    ),
    fields=(
        ("id", _of("id")), ("store", _of("store")), ("environment", _of("environment")), ("phase", _of("phase")),
        ("does", _of("sentence")), ("functions", _of("functions")), ("dialect", _of("dialect")),
        ("run", _of("run")), ("by", _of("by")), ("armed", _at("armed_at")), ("until", _at("disarm_by")),
        ("disarmed", _at("disarmed_at")), ("disarmed by", _of("disarmed_by")), ("outcome", _of("outcome")),
        ("armed value", _of("value")), ("before it", _of("previous")), ("theirs", _of("theirs")),
    ),
    none="No fault was armed through this console.",
)  # fmt: skip
ENVIRONMENTS = Noun(
    columns=(
        Column(head="NAME", text=_of("name")),
        Column(head="DEFAULT", text=lambda row: "yes" if row["default"] else ""),
        Column(head="REGION", text=_of("region")),
        Column(head="LONGEST LEASE", text=_lease),
        Column(head="REACHED AS", text=_access, prose=True),
    ),
    fields=(
        ("name", _of("name")), ("default", _of("default")), ("region", _of("region")), ("profile", _of("profile")),
        ("role", _of("role_arn")), ("endpoint", _of("endpoint")), ("longest lease", _lease),
        ("account", _of("account")), ("dead man’s switch", _of("dead_mans_switch")), ("recycle", _of("recycle")),
        ("stores", _of("stores")), ("dialects", _of("dialects")), ("variables", _of("variables")),
        ("blackouts", _of("blackouts")),
    ),
    none="There is no environment.",
)  # fmt: skip
SIGNALS = Noun(
    columns=(
        Column(head="ID", text=_of("id")),
        Column(head="NAME", text=_of("name")),
        Column(head="LATEST", text=_value),
        Column(head="TOLERANCE", text=_tolerances, prose=True),
        Column(head="MEASURED BY", text=_measured, prose=True),
    ),
    fields=(
        ("id", _of("id")), ("name", _of("name")), ("query", _of("query")), ("latest", _value), ("at", _at("at")),
        ("measured by", _judged),
    ),
    none="No experiment has a hypothesis that measures anything here.",
)  # fmt: skip
NOUNS: Mapping[str, Noun] = {
    "experiments": EXPERIMENTS,
    "runs": RUNS,
    "faults": FAULTS,
    "environments": ENVIRONMENTS,
    "signals": SIGNALS,
}
