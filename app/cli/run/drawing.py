"""A run's progress as a picture for a terminal of a given size. Pure.

Every judgement is a sign and a word besides its colour, so that it reads without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.reports.words import number, span

NARROW = 64  # columns, below which the tolerance and the spark line have no room
SPARK = "▁▂▃▄▅▆▇█"
GAP = " "
SPARKS = {True: 12, False: 24}  # columns of a spark line, by whether there is little room
JUDGED: Mapping[str | None, tuple[str, str]] = {
    "within": ("✓ within", "green"),
    "outside": ("✕ OUTSIDE", "bold red"),
    "no data": ("– no data", "yellow"),
    "stale": ("– stale", "yellow"),
    None: ("", "dim"),
}
STEPS: Mapping[str, tuple[str, str]] = {
    "done": ("✓", "green"),
    "fail": ("✕", "bold red"),
    "now": ("▶", "bold"),
    "next": ("·", "dim"),
    "skipped": ("–", "dim"),
}
WORDLESS = ("before", "after", "pause", "disarm")  # kinds whose name, or what stands above, says it all
AROUND = 3  # steps that stay in sight before the one that is now


def drawn(told: Mapping[str, Any], *, width: int, height: int) -> RenderableType:
    """`told` as `app.reports.progress` has it. At most `height` lines, as long as they are not wrapped."""
    head = [_heading(told), *_bar(told)]
    signals = _signals(told["signals"], width) if told["signals"] else None
    used = len(head) + (len(told["signals"]) + 2 if signals else 0) + 3
    steps = _steps(told["timeline"], width, max(4, height - used))
    parts: list[RenderableType] = [*head]
    parts += [Text(""), signals] if signals else []
    parts += [Text(""), *steps]
    if told["run"]["verdict"] is None:
        parts.append(Text("Ctrl-C rolls back, and waits.", style="dim", no_wrap=True, overflow="ellipsis"))
    return Group(*parts)


def _heading(told: Mapping[str, Any]) -> Text:
    run = told["run"]
    state = run["verdict"] or {"completed": "settling"}.get(run["status"], run["status"])
    place = " ".join(filter(None, (run["environment"], run["account"], run["region"])))
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(
        f"Run {run['id']} {state} {_clock((run.get('ended') or told['now']) - run['began'])}", style="bold"
    )
    return line.append(f"  {run['title']} · {place}")


def _bar(told: Mapping[str, Any]) -> Iterator[Text]:
    """What is armed: what, where, until when, and how much of it was seen."""
    for fault in told["faults"]:
        if fault["armed"]:
            yield Text(f"▲ ARMED {fault['sentence']}", style="bold yellow", overflow="fold")
            left = max(0.0, fault["disarm_by"] - told["now"])
            words = [fault["store"], f"at most {_clock(left)} more", proof(fault["proof"])]
            yield Text("  " + " · ".join(filter(None, words)), style="yellow", overflow="fold")
            if fault["stuck"]:
                yield Text(f"  CAN NOT BE DISARMED: {fault['outcome']}", style="bold red", overflow="fold")
        else:
            yield Text(
                f"✓ {fault['store']}: {fault['state']}, {fault['phase']}", no_wrap=True, overflow="ellipsis"
            )


def proof(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return ""
    if not told["can_see"]:
        return "whether it fires can not be seen"
    return f"seen in {told['hit']} of {told['of']} invocations"


def _signals(signals: Sequence[Mapping[str, Any]], width: int) -> Table:
    narrow = width < NARROW
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=not narrow, header_style="dim", expand=False)
    table.add_column("signal", overflow="ellipsis", no_wrap=True, max_width=max(10, width // 3))
    table.add_column("value", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("tolerance", no_wrap=True, overflow="ellipsis")
    table.add_column("", no_wrap=True)
    if width >= NARROW - 16:
        table.add_column("", no_wrap=True)
    for signal in signals:
        words, style = JUDGED.get(signal["judgement"], JUDGED[None])
        cells = [Text(signal["name"]), Text(_value(signal), style=style)]
        cells += [] if narrow else [Text(signal["tolerance"], style="dim")]
        cells += [Text(words, style=style)]
        cells += [Text(spark(signal["samples"], SPARKS[width < 100]))] if width >= NARROW - 16 else []  # noqa: PLR2004
        table.add_row(*cells)
    return table


def _value(signal: Mapping[str, Any]) -> str:
    return "–" if signal["value"] is None else number(signal["value"], signal["unit"])


def spark(samples: Sequence[float | None], width: int) -> str:
    """The newest samples as a line of blocks; a gap is a gap."""
    shown = samples[-width:]
    values = [value for value in shown if value is not None]
    if not values:
        return ""
    low, high = min(values), max(values)
    size = (high - low) or 1.0
    top = len(SPARK) - 1
    return "".join(
        GAP if v is None else SPARK[round((v - low) / size * top) if high > low else 0] for v in shown
    )


def _steps(timeline: Sequence[Mapping[str, Any]], width: int, room: int) -> list[Text]:
    """As many as there is room for, around the one that is now."""
    now = next(
        (place for place, step in enumerate(timeline) if step["state"] in ("now", "next")), len(timeline)
    )
    begin = max(0, min(now - AROUND, len(timeline) - room))
    shown = timeline[begin : begin + room]
    lines = [_step(step, width) for step in shown]
    if begin:
        lines[0] = Text(f"  … {begin + 1} before", style="dim")
    if (after := len(timeline) - begin - len(shown)) > 0:
        lines[-1] = Text(f"  … {after + 1} to come", style="dim")
    return lines


def _step(step: Mapping[str, Any], width: int) -> Text:
    sign, style = STEPS.get(step["state"], ("·", "dim"))
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{sign} {step['name']}", style=style)
    if step["progress"] is not None and step["state"] == "now":
        size = max(8, min(30, width // 4))
        full = round(size * step["progress"])
        line.append(f"  {'█' * full}{'░' * (size - full)} {_clock(step['seconds_left'] or 0)} left")
    elif (step["state"] in ("done", "fail") and step["seconds"] is not None) or (
        step["state"] == "next" and step["seconds"]
    ):
        line.append(f"  {span(step['seconds'])}", style="dim")
    if step["detail"] and (step["state"] == "fail" or step["kind"] not in WORDLESS):
        line.append(f"  {step['detail']}", style="red" if step["state"] == "fail" else "dim")
    return line


def _clock(seconds: float) -> str:
    """`4:12`, `1:04:12`, as a counter shows it."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
