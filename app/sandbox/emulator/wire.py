"""CloudWatch's three protocols (Query, CBOR, JSON) around the values of `queries`.

Encoding is ministack's own where it has a function for it; here is what turns requests into the same
entries whatever they were written in, and answers into what those functions take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape

from app.sandbox.emulator.queries import Datapoint, Page, ValidationError

Response = tuple[int, dict[str, str], bytes]
Entries = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    cloudwatch: ModuleType  # ministack's
    is_cbor: bool
    is_json: bool

    def read(self, params: Mapping[str, Any], body: Mapping[str, Any]) -> Entries:
        """The members of the request, nested."""
        return dict(body) if self.is_cbor or self.is_json else unflattened(params)

    def time(self, value: Any, name: str) -> float:
        """Seconds since the epoch. ValidationError where it is missing or not a time."""
        seconds = self.cloudwatch._parse_ts(value)  # noqa: SLF001  ministack has no other name for it
        if seconds is None:
            raise ValidationError(f"The parameter {name} is required.")
        return float(seconds)

    def metric_data(self, page: Page) -> Response:
        rows = [
            {
                "Id": result.id,
                "Label": result.label,
                "Timestamps": [self._iso(second) for second in result.timestamps],
                "Values": list(result.values),
                "StatusCode": "Complete" if result.complete else "PartialData",
            }
            for result in page.results
        ]
        if self.is_cbor:
            rows = [self.cloudwatch._cbor_metric_data_result(row) for row in rows]  # noqa: SLF001
        more = {"NextToken": page.token} if page.token is not None else {}
        return self._answer("GetMetricData", {"MetricDataResults": rows, "Messages": [], **more})

    def metric_statistics(self, label: str, datapoints: Sequence[Datapoint]) -> Response:
        rows = []
        for point in datapoints:
            row = {"Timestamp": self._iso(point.timestamp), "Unit": point.unit, **point.statistics}
            if point.extended:
                row["ExtendedStatistics"] = dict(point.extended)
            rows.append(self.cloudwatch._cbor_datapoint(row) if self.is_cbor else row)  # noqa: SLF001
        return self._answer("GetMetricStatistics", {"Label": label, "Datapoints": rows})

    def error(self, code: str, message: str) -> Response:
        status, headers, body = self.cloudwatch._error(  # noqa: SLF001
            code, message, 400, use_json=self.is_json, use_cbor=self.is_cbor
        )
        # AWS says the Query code here for SDKs that speak the newer protocols.
        return status, {**headers, "x-amzn-query-error": f"{code};Sender"}, body

    def _iso(self, second: int) -> str:
        text: str = self.cloudwatch._ts_iso(second)  # noqa: SLF001
        return text

    def _answer(self, action: str, members: Entries) -> Response:
        cloudwatch = self.cloudwatch
        if self.is_cbor:
            answer: Response = cloudwatch._cbor_ok(members)  # noqa: SLF001
        elif self.is_json:
            answer = cloudwatch._json_ok(members)  # noqa: SLF001
        else:
            inner = f"<{action}Result>{xml(members)}</{action}Result>"
            answer = cloudwatch._xml(200, f"{action}Response", inner)  # noqa: SLF001
        return answer


def unflattened(params: Mapping[str, Any]) -> Entries:
    """`{"A.member.2.B": ["x"]}` → `{"A": [{"B": "x"}]}`: the Query protocol's parameters as nested members."""
    root: Entries = {}
    for name, value in params.items():
        node = root
        *parents, last = name.split(".")
        for part in parents:
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                break
            node = child
        else:
            node[last] = value[0] if isinstance(value, list) else value
    return {name: _listed(value) for name, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    members = value.get("member")
    if isinstance(members, dict) and all(number.isdigit() for number in members):
        return [_listed(members[number]) for number in sorted(members, key=int)]
    return {name: _listed(child) for name, child in value.items()}


def xml(value: Any) -> str:
    """Members as the Query protocol writes them."""
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{xml(child)}</{name}>" for name, child in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{xml(child)}</member>" for child in value)
    return escape(str(value))
