"""Answers of every operation, as a console gives them: the examples in the API's description.

`python -m tests.contracts.record` writes them anew, after a change of what is answered.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from fastapi import FastAPI

from app.access import Access, Role
from app.aws.metering import Use
from app.clock import FrozenClock
from app.errors import Problem
from app.faults import FaultState, Store, Stray
from app.notifications import Sender
from app.runs import RunStatus, Verdict
from app.web import ROUTES, create_app
from app.web.openapi import ANSWERS_FILE, described
from app.web.rates import Rates
from tests.contracts.conftest import fill
from tests.web.material import ARMED, DENY, NOON, bearer
from tests.web.stand_ins import FakeConsole, make_console

MOST, LONGEST = 2, 600  # members of a list, characters of a text
CUT = "…"
MIGRATED = "web.sqlite"  # what is long to make, and the same for all
Answers = dict[str, dict[str, dict[str, Any]]]  # `GET /api/runs` → status → media type → example
SIGNAL: dict[str, Any] = {
    "key": "messages-in-flight", "id": "a1b2c3d4e5f6", "name": "messages-in-flight", "tolerance": "−10 … 20 %", "low": -10.0,
    "high": 20.0, "unit": "%", "query": "a1b2c3d4e5f6", "when_empty": None, "values": [1.6, 2.1], "metrics": 3,
}  # fmt: skip


def bare() -> dict[str, Any]:
    """The description alone, without a console behind it."""
    app = FastAPI(title="Game day", version="1")
    for routes in ROUTES:
        app.include_router(routes)
    return described(app, ROUTES)


def free(console: FakeConsole) -> None:
    """Nothing runs, and nothing is armed."""
    for run in console.runs.active():
        console.runs.known[run.id] = replace(run, status=RunStatus.COMPLETED, verdict=Verdict.HELD)
    for entry in console.faults.active():
        console.faults.disarm(entry.id, by="maria", why="over")
    console.clock.advance(60)


def drifted(console: FakeConsole) -> None:
    theirs = b'{"isEnabled": false, "theirs": 1}'
    console.faults.entries[0] = replace(console.faults.entries[0], state=FaultState.DRIFTED, theirs=theirs)


# What has to be there, or to be asked, for an answer that shows something.
FIRST: dict[str, Callable[[FakeConsole], None]] = {
    "POST /experiments/{experiment_id}/run": free,
    "POST /api/schedules/{schedule_id}/run": free,
    "PUT /api/faults": free,
    "POST /api/faults/{entry_id}/choose": drifted,
}
ASKED: dict[str, dict[str, Any]] = {
    "GET /api/schedules/preview": {"cron": "0 3 * * 1-5", "time_zone": "Europe/Berlin"},
    "GET /api/calendar": {"from": "2026-11-23", "to": "2026-11-30"},
}
# Where an answer is the same as that of another operation.
SAME = {("POST /experiments/{experiment_id}/run", "200"): "GET /api/runs/{run_id}"}


def answers(folder: Path, document: dict[str, Any]) -> Answers:
    """Of every operation that answers with something where it succeeds."""
    make_console(folder, FrozenClock(NOON)).storage.close()
    return asyncio.run(_answers(folder, document))


async def _answers(folder: Path, document: dict[str, Any]) -> Answers:
    found: Answers = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            name = f"{method.upper()} {path}"
            statuses = {status: list(one.get("content", ())) for status, one in told["responses"].items()}
            wanted = {status: media for status, media in statuses.items() if status < "3" and media}
            for status, media in wanted.items():
                if (name, status) not in SAME:
                    found.setdefault(name, {})[status] = {
                        one: await _answer(folder, name, told, status, one) for one in media
                    }
    for (name, status), other in SAME.items():
        found[name][status] = found[other]["200"]
    return found


async def _answer(folder: Path, name: str, told: dict[str, Any], status: str, media: str) -> Any:
    with TemporaryDirectory(dir=folder) as place:
        shutil.copy(folder / MIGRATED, place)
        console, client = _console(Path(place))
        FIRST.get(name, lambda _: None)(console)
        async with client:
            answer = await client.request(**_request(name, told), headers={"accept": media, "if-match": "*"})
        console.live.close()
        console.storage.close()
    assert str(answer.status_code) == status, (name, answer.status_code, answer.text)
    assert answer.headers["content-type"].startswith(media)
    return shortened(answer.json() if media.endswith("json") else answer.text)


def _request(name: str, told: dict[str, Any]) -> dict[str, Any]:
    method, _, path = name.partition(" ")
    given = {one["name"]: one for one in told.get("parameters", ())}
    for key, one in given.items():
        path = path.replace(f"{{{key}}}", str(one.get("example")))
    params = {key: one["example"] for key, one in given.items() if one["in"] == "query" and one["required"]}
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    return {"method": method, "url": path, "params": params | ASKED.get(name, {}), "json": body}


def _console(folder: Path) -> tuple[FakeConsole, httpx.AsyncClient]:
    console = make_console(folder, FrozenClock(NOON))
    console.settings = replace(console.settings, host="10.0.0.7")
    console.access = Access(console.storage, console.clock)
    fill(console)
    _happened(console)
    app = create_app(console)
    app.state.rates = Rates({})
    transport = httpx.ASGITransport(app=app)
    signed = bearer(console.access, Role.ADMIN)
    return console, httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8000", headers=signed)


def _happened(console: FakeConsole) -> None:
    """What a console has seen after a day."""
    first = console.runs.known[41]
    console.runs.known[41] = replace(
        first,
        facts={"signals": [SIGNAL]},
        verdict_reason="The hypothesis was met before and after.",
        account="000000000000",
        region="us-east-2",
    )
    console.faults.armed(
        run_id="41", state=FaultState.DISARMED, disarmed_at=NOON, disarmed_by="run 41", settles_at=NOON,
        outcome="Put back and read back.",
    )  # fmt: skip
    console.metrics.values[SIGNAL["id"]] = lambda ago: (
        1.6 + ago % 7,
        {"messages in": 598.0, "CSV out": 594.0},
    )
    store = Store(environment="sandbox", name="/orders/chaos")
    stray = Stray(store=store, value=ARMED, dialect="failure-lambda/0.x", fault=DENY, functions=("Orders",))
    console.faults.found = [stray]
    console.schedules.run_now(1, by="maria")
    wrong = "The hour field “99” is outside 0 to 23."
    console.schedules.files.problems = (
        Problem(message=wrong, path="nightly.cron", file="experiments/schedules.yaml", line=4),
    )
    place = console.settings.environments["sandbox"]
    blackouts = ((NOON + timedelta(days=1), NOON + timedelta(days=2)),)
    console.settings.environments["sandbox"] = replace(place, blackouts=blackouts)
    console.usage.meter(
        Use(environment="sandbox", service="cloudwatch", operation="GetMetricData", metrics=12)
    )
    console.notifications.test("ops", by="maria")
    Sender(console.notifications).route()


def shortened(value: Any) -> Any:
    """Lists and texts cut, so that an example can be read at a glance; a secret, so that nobody takes it for one."""
    if isinstance(value, dict):
        whole = {key: shortened(inner) for key, inner in value.items()}
        return whole | {"secret": f"gd_{CUT}"} if "secret" in whole else whole
    if isinstance(value, list):
        return [shortened(one) for one in value[:MOST]]
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + CUT
    return value


def main() -> None:
    with TemporaryDirectory() as folder:
        found = answers(Path(folder), bare())
    ANSWERS_FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
