"""What each hypothesis probe measures, as a CloudWatch query that can be charted where it is one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.experiments.commands import AwsCommand, aws_command, file_or_text, seconds_ago
from app.queries import Fold, Query, Term, Tolerance
from app.queries.tolerance import drawable, in_words

RESULT = re.compile(r"MetricDataResults\[(\d+)\]\.Values\[0\]")
PERCENT = re.compile(r"\*\s*100\b|%|\bpercent", re.IGNORECASE)
MODULE = "chaosaws.cloudwatch.probes"
STATISTICS_DURATION, DATA_DURATION, DATA_PERIOD = 60, 300, 60  # seconds, chaosaws' own
UNRESOLVED = "${"
ELSEWHERE = {"region", "profile", "endpoint-url"}  # another account or region than the environment's


@dataclass(frozen=True, kw_only=True)
class Signal:
    key: str  # the probe's name
    id: str  # the query's, or `run-…` where only runs measure it
    name: str
    tolerance: Tolerance | None  # None where it can not be drawn
    tolerance_text: str
    query: Query | None
    unit: str  # "%" or ""
    terms: tuple[Term, ...]  # the parts of the value, in the order of the file


def signals_of(probes: Sequence[Any], folder: Path, experiment_id: str) -> tuple[Signal, ...]:
    return tuple(
        _signal(probe, folder, experiment_id)
        for probe in probes
        if isinstance(probe, Mapping) and "name" in probe
    )


def _signal(probe: Mapping[str, Any], folder: Path, experiment_id: str) -> Signal:
    name = str(probe["name"])
    query = query_of(probe.get("provider") or {}, folder)
    unit = "%" if query and PERCENT.search(_value_entry(query)) else ""
    return Signal(
        key=name,
        id=query.id if query else _of_runs(experiment_id, name),
        name=name,
        tolerance=drawable(probe.get("tolerance")),
        tolerance_text=in_words(probe.get("tolerance"), unit),
        query=query,
        unit=unit,
        terms=tuple(term for term in query.terms if term.id != query.result) if query else (),
    )


def _of_runs(experiment_id: str, name: str) -> str:
    """Two experiments may call their probes the same."""
    return f"run-{hashlib.sha256(f'{experiment_id}|{name}'.encode()).hexdigest()[:12]}"


def _value_entry(query: Query) -> str:
    return next((json.dumps(entry) for entry in query.entries if entry["Id"] == query.result), "")


def query_of(provider: Mapping[str, Any], folder: Path) -> Query | None:
    """The query of a probe's provider.

    None where it measures something that is not in CloudWatch, or where only Chaos Toolkit can tell what:
    then only runs measure it.
    """
    try:
        query = _query_of(provider, folder)
        whole = query is not None and query.terms and UNRESOLVED not in query.document
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return query if whole else None


def _query_of(provider: Mapping[str, Any], folder: Path) -> Query | None:
    if provider.get("type") == "python" and provider.get("module") == MODULE:
        read = {"get_metric_statistics": _statistics, "get_metric_data": _folded}.get(
            str(provider.get("func"))
        )
        return read(provider.get("arguments") or {}) if read else None
    command = aws_command(provider)
    if command and (command.service, command.operation) == ("cloudwatch", "get-metric-data"):
        return _metric_data(command, folder)
    return None


def _metric_data(command: AwsCommand, folder: Path) -> Query | None:
    if ELSEWHERE & command.options.keys() or command.options.get("scan-by") == "TimestampAscending":
        return None
    text = file_or_text(command.options.get("metric-data-queries", ""), folder)
    begins = seconds_ago(command.options.get("start-time", ""))
    ends = seconds_ago(command.options.get("end-time", ""))
    try:
        entries = json.loads(text or "")
        results = [entry["Id"] for entry in entries if entry.get("ReturnData", True)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    match = RESULT.search(command.options.get("query", ""))
    if begins is None or ends != 0 or begins == 0 or match is None or int(match[1]) >= len(results):
        return None
    return Query(document=_canonical(entries), result=results[int(match[1])], window=begins)


def _statistics(arguments: Mapping[str, Any]) -> Query | None:
    """As chaosaws' `get_metric_statistics`: one bucket of `duration` seconds, and 0 where there is none."""
    stat = arguments.get("statistic") or arguments.get("extended_statistic")
    duration = int(arguments.get("duration", STATISTICS_DURATION))
    if not stat or arguments.get("offset"):
        return None
    document = _one_metric(arguments, stat=str(stat), period=duration)
    return Query(document=document, result="value", window=duration, when_empty=0.0)


def _folded(arguments: Mapping[str, Any]) -> Query | None:
    """As chaosaws' `get_metric_data`: every bucket of `period` seconds within `duration`, made one value."""
    stat = str(arguments["statistic"])
    if arguments.get("offset"):
        return None
    duration, period = (
        int(arguments.get("duration", DATA_DURATION)),
        int(arguments.get("period", DATA_PERIOD)),
    )
    fold = Fold(stat) if stat in set(Fold) else Fold.MEAN
    document = _one_metric(arguments, stat=stat, period=period)
    return Query(document=document, result="value", window=duration, when_empty=0.0, fold=fold)


def _one_metric(arguments: Mapping[str, Any], *, stat: str, period: int) -> str:
    name = str(arguments["metric_name"])
    dimensions = arguments.get("dimensions") or [
        {"Name": arguments["dimension_name"], "Value": arguments["dimension_value"]}
    ]
    metric = {"Namespace": arguments["namespace"], "MetricName": name, "Dimensions": dimensions}
    told = {"Metric": metric, "Period": period, "Stat": stat}
    if unit := arguments.get("unit"):
        told["Unit"] = unit
    return _canonical([{"Id": "value", "Label": name, "MetricStat": told, "ReturnData": True}])


def _canonical(entries: Any) -> str:
    return json.dumps(entries, sort_keys=True, separators=(",", ":"))
