"""What a scrape of /metrics costs beside a page that does nothing, with an empty database and with 10,000 runs."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import httpx

from bench.console import console
from bench.table import Row, show

RUNS = 10_000
A_DOCUMENT = json.dumps({"title": "t", "description": "d" * 4000})  # as large as the lab's own
LAST = """
insert into runs (experiment, title, environment, requested_by, request, status, verdict, snapshot, sha256,
                  document, facts, journal_state, created_at)
values ('lab/one', 't', 'default', 'bench', '{}', 'completed', ?, 's', ?, ?, ?, 'kept', '2026-11-26 12:00:00')
"""
VERDICTS = ("held", "deviated", "inconclusive", "stopped")


def measure(times: int) -> None:
    rows = []
    for count in (0, RUNS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "experiments").mkdir()
            with console(folder):
                pass  # it makes its database
            fill(folder / ".gameday" / "gameday.sqlite", count)
            with console(folder) as served, httpx.Client(base_url=served.url) as client:
                trivial = Row(f"GET /healthz, {count:,} runs", "ms")
                scrape = Row(f"GET /metrics, {count:,} runs", "ms", against=trivial)
                for _ in range(times * 10):  # in turn, so that a slow moment of the machine slows both
                    trivial.time(lambda: client.get("/healthz").raise_for_status(), 1)
                    scrape.time(lambda: client.get("/metrics").raise_for_status(), 1)
                rows += [trivial, scrape]
    show("A scrape", rows)


def fill(database: Path, count: int) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            LAST, ((VERDICTS[n % len(VERDICTS)], "0" * 64, A_DOCUMENT, A_DOCUMENT) for n in range(count))
        )
