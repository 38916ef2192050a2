"""The calendar by the API: the same as its page shows, for programs; and mistakes in files of schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.runs import RunStatus, Verdict
from app.schedules import Scheduler
from app.web import agenda
from tests.schedules.test_calendars import RELEASE, calendar
from tests.web.test_schedules import created

pytestmark = pytest.mark.anyio
AT = "/api/calendar"


async def told(client: httpx.AsyncClient, **asked: str) -> dict[str, Any]:
    answer = await client.get(AT, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_ran_has_its_verdict_and_what_is_to_come_its_local_time(
    client: httpx.AsyncClient, console: Any
) -> None:
    await created(client, name="hourly", cron="0 * * * *", time_zone="UTC")
    scheduler = Scheduler(console.schedules, console.storage, console.clock)
    console.clock.advance(3600)
    scheduler.step()
    for run in console.runs.active():
        console.runs.known[run.id] = replace(run, status=RunStatus.COMPLETED, verdict=Verdict.HELD)
    by_hand = console.runs.add(ago=600, requested_by="ada")
    console.clock.advance(3600)
    scheduler.step()  # the person's run is in the way
    asked = {"from": "2026-11-24", "to": "2026-11-25", "time_zone": "Asia/Tokyo", "environment": "sandbox"}
    day = await told(client, **asked)
    assert (day["environment"], day["time_zone"]) == ("sandbox", "Asia/Tokyo")
    assert (day["begin"], day["end"]) == ("2026-11-23T15:00:00+00:00", "2026-11-24T15:00:00+00:00")
    assert [(one["name"], one["run"], one["state"], one["verdict"]) for one in day["ran"]] == [
        (None, by_hand.id, None, None), ("hourly", 41, "started", "held"), ("hourly", None, "refused", None),
    ]  # fmt: skip
    assert day["ran"][0]["by"] == "ada"
    assert day["ran"][1]["local"] == "2026-11-24T22:00:00+09:00"
    assert "in use by run" in day["ran"][2]["sentence"]
    assert day["coming"] == []  # 15:00 UTC is the next day there
    day = await told(client, **asked | {"time_zone": "UTC"})
    assert [one["due_at"] for one in day["coming"]] == [
        f"2026-11-24T{hour}:00:00+00:00" for hour in range(15, 24)
    ]
    assert day["limits"] == []
    await client.delete("/api/schedules/1")
    day = await told(client, **asked)
    assert [one["name"] for one in day["ran"]] == [None, "hourly", "hourly"]  # what it ran stays


async def test_it_begins_today_and_has_a_week_where_nothing_is_said(
    client: httpx.AsyncClient, console: Any
) -> None:
    await created(client, cron="0 3 * * *")
    week = await told(client)
    assert (week["begin"], week["end"]) == ("2026-11-24T00:00:00+00:00", "2026-12-01T00:00:00+00:00")
    assert len(week["coming"]) == 6
    console.clock.advance(86400 * 30)
    assert (await told(client))["begin"] == "2026-12-24T00:00:00+00:00"


async def test_freezes_are_told_and_hinder_what_is_to_come(client: httpx.AsyncClient, console: Any) -> None:
    (console.settings.folder / "freezes.ics").write_text(calendar(RELEASE))
    place = console.settings.environments["sandbox"]
    begin = datetime(2026, 11, 28, tzinfo=UTC)
    changed = replace(
        place, freeze_calendars=("freezes.ics", "gone.ics"), blackouts=((begin, begin + timedelta(hours=2)),)
    )
    console.settings.environments["sandbox"] = changed
    await created(client, cron="0 3 * * *", time_zone="UTC")
    week = await told(client)
    assert [(one["begin"][:10], one["summary"]) for one in week["freezes"]] == [
        ("2026-11-25", "Big release"), ("2026-11-28", "blackout"),
    ]  # fmt: skip
    assert [bool(one["hindered"]) for one in week["coming"]] == [True, False, False, False, False, False]
    assert "gone.ics" in week["troubles"][0]


async def test_what_is_late_by_jitter_and_begins_before_the_span_is_told_within_it(
    client: httpx.AsyncClient,
) -> None:
    one = (await created(client, cron="50 23 * * *", time_zone="UTC", jitter="20h")).json()
    assert one["due_at"][:10] == "2026-11-25"
    days = [
        (await told(client, **{"from": f"2026-11-{day}", "to": f"2026-11-{day + 1}"}))["coming"]
        for day in range(24, 28)
    ]
    assert [len(day) for day in days] == [0, 1, 1, 1]
    assert days[1][0]["due_at"] == one["due_at"]


async def test_what_is_left_out_is_said(
    client: httpx.AsyncClient, console: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await created(client, name="often", cron=None, every="1m")
    await created(client, name="yearly", cron="0 3 1 1 *", time_zone="UTC")
    week = await told(client)
    assert len(week["coming"]) == agenda.MOST_OF_ONE
    assert week["limits"] == ["Of “often” the next 200 fires are told."]
    monkeypatch.setattr(agenda, "MOST", 2)
    for ago in (90, 60, 30):
        console.runs.add(ago=ago, verdict=Verdict.HELD)
    week = await told(client)
    assert [one["run"] for one in week["ran"]] == [42, 43]
    assert any("the newest 2" in one for one in week["limits"])
    assert any("the fires of 1 schedule are told" in one for one in week["limits"])
    far = await told(client, **{"from": "2027-12-20", "to": "2028-01-20"})
    assert "400 days" in far["limits"][0]
    new_year = await told(client, **{"from": "2027-01-01", "to": "2027-01-02"})
    assert "yearly" not in [one["name"] for one in new_year["coming"]]  # and that is said, too


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("from=2026-11-24&to=2026-11-24", "to"), ("from=2026-11-24&to=2027-06-01", "to"), ("from=0001-01-01", "from"),
        ("from=2026-11-24&to=9999-12-31", "from"), ("time_zone=Berlin", "time_zone"), ("from=today", "from"),
        ("from=20261124", "from"), ("from=2026-11-24T12:00:00Z", "from"), ("from=2026-13-01", "from"),
    ],
)  # fmt: skip
async def test_what_is_no_span_is_refused_with_its_name(
    client: httpx.AsyncClient, query: str, path: str
) -> None:
    answer = await client.get(f"{AT}?{query}")
    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["problems"]] == [path]


async def test_mistakes_in_files_of_schedules_are_told_by_line(
    client: httpx.AsyncClient, console: Any
) -> None:
    assert (await client.get("/api/schedules/problems")).json() == []
    folder = console.settings.experiments
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedules.yaml").write_text(
        "schedules:\n  - name: nightly\n    experiment: serverless-etl/exp_2-strict\n    cron: '0 99 * * *'\n"
    )
    console.schedules.files.sync()
    (one,) = (await client.get("/api/schedules/problems")).json()
    assert (one["file"], one["line"]) == ("experiments/schedules.yaml", 4)
    assert "outside 0 to 23" in one["message"]
