"""A signal around a run as a small picture: its band, its line, and when a fault was armed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.reports.report import Report, Series
from app.reports.words import number

WIDTH, HEIGHT = 640.0, 110.0
EDGE = 6.0  # above and below
SHORTEST = timedelta(seconds=1)
ROOM = 0.12  # of the range, so that a line does not lie on the edge


@dataclass(frozen=True, kw_only=True)
class Box:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Coordinates in a picture of WIDTH by HEIGHT. A gap in the data is a gap between lines."""

    lines: tuple[str, ...]  # points of a polyline each
    dots: tuple[tuple[float, float], ...]  # samples that stand alone
    band: Box | None  # the tolerance
    armed: tuple[Box, ...]
    top: str  # the largest value in sight, in words
    bottom: str
    begin: datetime
    end: datetime
    told: str  # what it shows, for who can not see it


def chart(series: Series, report: Report) -> Chart | None:
    """None where there is nothing to draw."""
    values = [value for _, value in series.samples if value is not None]
    if not values:
        return None
    low, high = _range(series, values)
    begin, end = _span((series, *report.series), report)

    def x(at: datetime) -> float:
        return round(WIDTH * min(1.0, max(0.0, (at - begin) / (end - begin))), 1)

    def y(value: float) -> float:
        part = (value - low) / (high - low)
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * min(1.0, max(0.0, part)), 1)

    pieces = [[(x(at), y(value)) for at, value in piece] for piece in _pieces(series.samples)]
    return Chart(
        lines=tuple(" ".join(f"{a:g},{b:g}" for a, b in piece) for piece in pieces if len(piece) > 1),
        dots=tuple(piece[0] for piece in pieces if len(piece) == 1),
        band=_band(series, y),
        armed=tuple(
            Box(x=x(a), y=0, width=max(1.0, round(x(b) - x(a), 1)), height=HEIGHT) for a, b in report.armed
        ),
        top=number(max(values), series.unit),
        bottom=number(min(values), series.unit),
        begin=begin,
        end=end,
        told=f"{series.name}: from {number(min(values), series.unit)} to {number(max(values), series.unit)}, "
        f"at last {number(series.last, series.unit)}; tolerance {series.tolerance}",
    )


def _range(series: Series, values: Sequence[float]) -> tuple[float, float]:
    """What is drawn from bottom to top: the values and the tolerance."""
    seen = [*values, *(edge for edge in (series.bounds.low, series.bounds.high) if edge is not None)]
    low, high = min(seen), max(seen)
    room = (high - low) * ROOM or abs(high) * ROOM or 1.0
    return low - room, high + room


def _span(drawn: Sequence[Series], report: Report) -> tuple[datetime, datetime]:
    """The same for all of a report's charts, so that what lies below each other was at the same time."""
    times = [at for series in drawn for at, _ in series.samples]
    run = report.run
    times += [at for at in (run.started_at, run.ended_at or report.now) if at]
    begin, end = min(times), max(times)
    return begin, max(end, begin + SHORTEST)


def _pieces(
    samples: Sequence[tuple[datetime, float | None]],
) -> Iterator[list[tuple[datetime, float]]]:
    piece: list[tuple[datetime, float]] = []
    for at, value in samples:
        if value is not None:
            piece.append((at, value))
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _band(series: Series, y: Callable[[float], float]) -> Box | None:
    low, high = series.bounds.low, series.bounds.high
    if low is None or high is None:
        return None
    top, bottom = y(high), y(low)
    return Box(x=0, y=top, width=WIDTH, height=max(1.5, round(bottom - top, 1)))
