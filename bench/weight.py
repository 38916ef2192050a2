"""Start of `gameday serve`, memory at rest, and what the Live page weighs, compressed."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import httpx

from bench.console import Console, console
from bench.table import Row, show

LINKED = re.compile(r'(?:src|href)="(/static/[^"]+)"')
STARTS = 3


def measure(times: int) -> None:
    del times
    start = Row("gameday serve, command to ready", "ms")
    memory = Row("memory at rest, server and fork server", "MB PSS")
    weight = Row("Live page with all it loads, compressed", "KiB", aim="<= 150")
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as name:
            Path(name, "experiments").mkdir()
            with console(Path(name)) as served:
                start.values.append(served.started_in)
                time.sleep(3)
                memory.values.append(served.pss)
                weight.values.append(page_weight(served) / 1024)
    show("Start, memory, weight", [start, memory, weight])


def page_weight(served: Console) -> int:
    """Bytes on the wire, headers not counted, of `/` and every file that it names, modules' imports too."""
    seen: set[str] = set()
    total = 0
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        with httpx.stream("GET", served.url + path, headers={"Accept-Encoding": "gzip"}) as answer:
            total += sum(len(chunk) for chunk in answer.iter_raw())
        text = httpx.get(served.url + path).text
        waiting += LINKED.findall(text)
        folder = path.rsplit("/", 1)[0]
        waiting += [f"{folder}/{name}" for name in re.findall(r'@import (?:url\()?"\./([^"]+)"', text)]
    return total
