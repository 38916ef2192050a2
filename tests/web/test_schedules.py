"""Schedules by the API and on pages: made, looked at, changed under a version, held, run now, and seen in a calendar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.errors import Conflict
from app.runs import RunStatus, Verdict
from app.schedules import FireState, Scheduler, store
from app.settings import Channel, Environment, person
from tests.conftest import NOON
from tests.web.material import STRICT

pytestmark = pytest.mark.anyio
NIGHTLY = {"name": "nightly", "experiment": STRICT, "cron": "0 3 * * 1-5", "time_zone": "Europe/Berlin"}
PAGE = {"accept": "text/html"}
JITTERED = {**NIGHTLY, "environment": "sandbox", "cron": "50 23 * * *", "time_zone": "UTC", "jitter": "1h"}
FORM = {"name": "by form", "experiment": STRICT, "environment": "sandbox", "kind": "cron", "cron": "0 3 * * *", "every": "", "at": "",
        "time_zone": "UTC", "start": "", "end": "", "jitter": "", "missed": "skip", "tell": "ops, pager"}  # fmt: skip


@pytest.fixture(autouse=True)
def channels(console: Any) -> None:
    console.settings.channels.update(
        {name: Channel(name=name, url=f"json://{name}") for name in ("ops", "pager")}
    )


async def created(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    answer = await client.post("/api/schedules", json={**NIGHTLY, **more})
    assert answer.status_code == 201, answer.text
    return answer


async def test_one_is_made_with_its_address_its_tag_and_its_next_ten_fires(client: httpx.AsyncClient) -> None:
    answer = await created(client, tell=["ops"], variables={"a": 1})
    one = answer.json()
    assert answer.headers["location"] == f"/api/schedules/{one['id']}"
    assert answer.headers["etag"] == (await client.get(answer.headers["location"])).headers["etag"]
    assert len(one["upcoming"]) == 10
    assert one["next_at"] == one["upcoming"][0]["at"] == "2026-11-25T02:00:00+00:00"
    assert (one["kind"], one["environment"], one["tell"], one["variables"]) == (
        "cron",
        "sandbox",
        ["ops"],
        {"a": 1},
    )
    assert (await client.get(answer.headers["location"])).json() == one
    assert [listed["id"] for listed in (await client.get("/api/schedules")).json()] == [one["id"]]


async def test_a_channel_that_is_not_there_is_refused_with_those_that_are(
    client: httpx.AsyncClient, console: Any
) -> None:
    sentence = "There is no channel “opps”. There are: ops, pager."
    posted = await client.post("/api/schedules", json={**NIGHTLY, "tell": ["ops", "opps"]})
    assert posted.status_code == 422
    assert [(one["path"], one["message"]) for one in posted.json()["problems"]] == [("tell", sentence)]
    by_form = await client.post("/schedules", data=FORM | {"tell": "opps"}, headers=PAGE)
    assert (by_form.status_code, sentence in by_form.text) == (422, True)
    await created(client, tell=["ops"])
    changed = await client.patch("/api/schedules/1", json={"tell": ["opps"]}, headers={"if-match": "*"})
    assert (changed.status_code, sentence in changed.text) == (422, True)
    assert console.schedules.get(1).definition.tell == ("ops",)
    console.settings.channels.clear()
    none = await client.post("/api/schedules", json={**NIGHTLY, "tell": ["ops"]})
    assert (
        "There are no channels yet: add one, [channels.ops] in gameday.toml, which gameday serve reads."
        in none.text
    )
    page = (await client.get("/schedules/1", headers=PAGE)).text
    assert "It tells ops, and there is no such channel any more." in page


async def test_the_list_of_experiments_says_when_one_runs_next(client: httpx.AsyncClient) -> None:
    assert "2026-11-25 03:00" not in (await client.get("/experiments", headers=PAGE)).text
    await created(client)
    await created(client, name="weekly", cron="0 4 * * 1")
    listed = (await client.get("/experiments", headers=PAGE)).text
    assert "Wed 2026-11-25 03:00 CET</span>" in listed


async def test_two_mistakes_are_told_at_once(client: httpx.AsyncClient) -> None:
    given = {**NIGHTLY, "cron": "0 * * * *", "jitter": "2h", "tell": ["nobody"]}
    told = (await client.post("/api/schedules", json=given)).json()
    assert {one["path"] for one in told["problems"]} == {"jitter", "tell"}


@pytest.mark.parametrize(
    ("fields", "status", "path", "says"),
    [
        ({"cron": "0 25 * * *"}, 422, "cron", "The hour field “25” is outside 0 to 23."),
        ({"cron": None}, 422, "cron", "one of cron, every and at"),
        ({"time_zone": "Berlin"}, 422, "time_zone", "no IANA time zone"),
        ({"environment": "prod"}, 422, "environment", "There are: sandbox"),
        ({"jitter": "3d"}, 422, "jitter", "a day at most"),
        ({"colour": "red"}, 422, "colour", "no such field"),
        ({"missed": "twice"}, 422, "missed", ""),
        ({"name": ""}, 422, "name", "missing"),
        ({"cron": None, "at": "2020-01-01"}, 422, "at", "never fires from now on"),
        ({"experiment": "no/such"}, 404, "", "no experiment"),
    ],
)
async def test_what_is_wrong_is_named_with_its_field(
    client: httpx.AsyncClient, fields: dict[str, Any], status: int, path: str, says: str
) -> None:
    answer = await client.post("/api/schedules", json={**NIGHTLY, **fields})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert says in str(told)
    assert not path or path in [one["path"] for one in told["problems"]]


async def test_a_change_names_the_version_that_it_changes(client: httpx.AsyncClient) -> None:
    made = await created(client)
    at, seen = made.headers["location"], {"if-match": made.headers["etag"]}
    bare = await client.patch(at, json={"cron": "0 4 * * *"})
    assert (bare.status_code, bare.json()["type"]) == (428, "/docs#problem-unconditional")
    first = await client.patch(at, json={"cron": "0 4 * * *"}, headers=seen)
    assert (first.status_code, first.json()["cron"]) == (200, "0 4 * * *")
    assert first.headers["etag"] != made.headers["etag"]
    assert first.json()["time_zone"] == "Europe/Berlin"
    late = await client.put(at, json={**NIGHTLY, "name": "mine"}, headers=seen)
    assert (late.status_code, late.json()["type"]) == (412, "/docs#problem-changed")
    whole = await client.put(
        at, json={**NIGHTLY, "name": "mine"}, headers={"if-match": first.headers["etag"]}
    )
    assert (whole.json()["name"], whole.json()["cron"]) == ("mine", NIGHTLY["cron"])
    other = await client.patch(at, json={"every": "6h"}, headers={"if-match": "*"})
    assert (other.json()["kind"], other.json()["cron"]) == ("interval", None)
    none = await client.patch(at, json={"every": None}, headers={"if-match": "*"})
    assert none.status_code == 422
    assert (await client.delete(at, headers=seen)).status_code == 412
    assert (await client.delete(at)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await client.request(method, at)).status_code == 404


async def test_it_is_paused_and_resumed(client: httpx.AsyncClient) -> None:
    at = (await created(client)).headers["location"]
    for _ in range(2):
        held = (await client.post(f"{at}/pause")).json()
        assert (held["paused"], held["next_at"], held["upcoming"]) == (True, None, [])
    for _ in range(2):
        assert (await client.delete(f"{at}/pause")).json()["next_at"] == "2026-11-25T02:00:00+00:00"


async def test_it_runs_now_and_a_refusal_is_told(client: httpx.AsyncClient, console: Any) -> None:
    at = (await created(client)).headers["location"]
    answer = await client.post(f"{at}/run")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/runs/{answer.json()['id']}"
    assert answer.json()["schedule"] == 1
    console.clock.advance(1)
    busy = await client.post(f"{at}/run")
    assert busy.status_code == 409
    assert "in use by run" in busy.json()["detail"]
    told = (await client.get(f"{at}/fires")).json()
    assert [one["state"] for one in told] == ["refused", "started"]


async def test_one_that_queues_is_run_by_hand_in_line_too_by_the_api_and_by_its_button(
    client: httpx.AsyncClient, console: Any
) -> None:
    at = (await created(client, queue=True)).headers["location"]
    first = (await client.post(f"{at}/run")).json()
    console.clock.advance(1)
    waits = await client.post(f"{at}/run")
    assert waits.status_code == 202
    assert waits.json()["queue"]["sentence"] == f"Number 1 in line, behind run {first['id']}."
    console.clock.advance(1)
    pressed = await client.post(at.removeprefix("/api") + "/run", headers=PAGE)
    assert pressed.status_code == 303
    assert console.runs.get(int(pressed.headers["location"].removeprefix("/runs/"))).waiting
    assert [one["state"] for one in (await client.get(f"{at}/fires")).json()] == ["started"] * 3


async def test_the_same_key_is_the_same_run_and_one_that_was_refused_may_be_tried_again(
    client: httpx.AsyncClient, console: Any
) -> None:
    at, other = [(await created(client, name=name)).headers["location"] for name in ("a", "b")]
    key = {"idempotency-key": "deploy-1"}
    first = await client.post(f"{at}/run", headers=key)
    console.clock.advance(1)
    again = await client.post(f"{at}/run", headers=key)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    reused = await client.post(f"{other}/run", headers=key)
    assert (reused.status_code, reused.json()["type"]) == (422, "/docs#problem-key-reused")
    late = {"idempotency-key": "deploy-2"}
    assert (await client.post(f"{other}/run", headers=late)).status_code == 409  # the store is busy
    console.runs.rollback(first.json()["id"], by="maria")
    console.clock.advance(1)
    second = await client.post(f"{other}/run", headers=late)
    assert (second.status_code, second.json()["schedule"]) == (202, 2)
    assert len((await client.get(f"{at}/fires")).json()) == 1


async def test_a_console_that_died_between_the_fire_and_its_run_goes_on_under_the_same_key(
    client: httpx.AsyncClient, console: Any
) -> None:
    at = (await created(client)).headers["location"]
    key, start = {"idempotency-key": "deploy-1"}, console.schedules.firing.start
    console.schedules.firing.start = dies
    with pytest.raises(SystemExit):
        console.schedules.run_now(1, by="maria", key="api:deploy-1")
    console.schedules.firing.start = start
    fire = console.schedules.run_now(1, by="maria", key="api:deploy-1")
    assert (fire.replayed, fire.state) == (True, "started")
    console.clock.advance(1)
    assert (await client.post(f"{at}/run", headers=key)).status_code == 409  # another key is another call
    assert len(console.runs.active()) == 1


def dies(fire: Any) -> None:
    raise SystemExit(f"before the run of fire {fire.id}")


async def test_fires_show_their_verdicts_and_are_paged(client: httpx.AsyncClient, console: Any) -> None:
    at = (await created(client, cron="0 * * * *", time_zone="UTC")).headers["location"]
    scheduler = Scheduler(console.schedules, console.storage, console.clock)
    for _ in range(5):
        console.clock.advance(3600)
        scheduler.step()
        for run in console.runs.active():
            console.runs.known[run.id] = replace(run, status=RunStatus.COMPLETED, verdict=Verdict.HELD)
    first = await client.get(f"{at}/fires?limit=3")
    assert [one["verdict"] for one in first.json()] == ["held"] * 3
    following = first.headers["link"].partition("<")[2].partition(">")[0]
    second = await client.get(following)
    assert "link" not in second.headers
    ids = [one["id"] for one in first.json() + second.json()]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    assert first.json()[0]["at"] == "2026-11-24T17:00:00+00:00"


async def test_fires_of_all_schedules_are_filtered_by_state_time_and_place(
    client: httpx.AsyncClient, console: Any
) -> None:
    first = (await created(client, name="a", cron="0 * * * *", time_zone="UTC")).headers["location"]
    await created(client, name="b", cron="30 * * * *", time_zone="UTC")
    scheduler = Scheduler(console.schedules, console.storage, console.clock)
    for _ in range(6):  # the first one's run goes on, so all others are refused
        console.clock.advance(1800)
        scheduler.step()
    every = (await client.get("/api/schedules/fires")).json()
    assert [one["schedule"] for one in every] == [1, 2, 1, 2, 1, 2]
    assert [one["state"] for one in every] == ["refused"] * 5 + ["started"]
    assert [one["state"] for one in (await client.get("/api/schedules/fires?state=started")).json()] == [
        "started"
    ]
    span = {"since": "2026-11-24T13:00:00Z", "until": "2026-11-24T14:00:00Z"}
    there = (await client.get("/api/schedules/fires", params=span)).json()
    assert [one["due_at"] for one in there] == ["2026-11-24T13:30:00+00:00", "2026-11-24T13:00:00+00:00"]
    own = (await client.get(f"{first}/fires", params={**span, "state": "refused"})).json()
    assert [(one["schedule"], one["due_at"]) for one in own] == [(1, "2026-11-24T13:00:00+00:00")]
    assert (await client.get("/api/schedules/fires?environment=mars")).json() == []
    seen = await client.get("/api/schedules/fires?limit=4&environment=sandbox")
    assert len((await client.get(seen.links["next"]["url"])).json()) == 2
    await client.delete(first)
    assert len((await client.get("/api/schedules/fires")).json()) == 6
    assert (await client.get(f"{first}/fires")).status_code == 404


async def test_the_list_is_paged_and_filtered(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await created(client, name=f"s{number}")
    first = await client.get("/api/schedules?limit=2&environment=sandbox")
    seen = [one["name"] for one in first.json()]
    while link := first.headers.get("link"):
        first = await client.get(link.partition("<")[2].partition(">")[0])
        seen += [one["name"] for one in first.json()]
    assert seen == [f"s{number}" for number in range(5)]
    assert (await client.get("/api/schedules?experiment=other")).json() == []


async def test_the_preview_shows_ten_fires_over_a_change_of_clocks(client: httpx.AsyncClient) -> None:
    query = {"cron": "30 2 * * *", "time_zone": "Europe/Berlin", "start": "2027-03-27"}
    told = (await client.get("/api/schedules/preview", params=query)).json()
    assert told["words"] == "At 02:30 every day"
    assert [one["local"][5:] for one in told["fires"]][:3] == [
        "03-27T02:30:00+01:00", "03-28T03:00:00+02:00", "03-29T02:30:00+02:00",
    ]  # fmt: skip
    assert len(told["fires"]) == 10
    wrong = await client.get("/api/schedules/preview", params={"cron": "0 25 * * *"})
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0]["path"] == "cron"


async def test_the_fragment_says_what_is_wrong_or_when_it_fires(client: httpx.AsyncClient) -> None:
    good = (await client.get("/schedules/preview", params=FORM)).text
    assert good.count("data-viewer>") == 10
    assert "Wed 2026-11-25 03:00 +0000" in good
    assert "The hour field “99” is outside 0 to 23." in (
        await client.get("/schedules/preview", params=FORM | {"cron": "0 99 * * *"})
    ).text  # fmt: skip
    for kind in ("every", "at"):
        empty = (await client.get("/schedules/preview", params=FORM | {"kind": kind})).text
        assert f"{kind}: It is empty." in empty
        assert "cron" not in empty
    badly = (await client.get("/schedules/preview", params=FORM | {"kind": "every", "every": "1.5h"})).text
    assert badly.count("every:") == 1
    hostile = FORM | {"cron": "<script>alert(1)</script> * * * *", "time_zone": "<b>"}
    assert "<script>alert" not in (await client.get("/schedules/preview", params=hostile)).text


async def test_a_form_makes_changes_holds_and_deletes_one(client: httpx.AsyncClient, console: Any) -> None:
    answer = await client.post("/schedules", data=FORM | {"queue": "true"}, headers=PAGE)
    assert answer.status_code == 303
    at = answer.headers["location"]
    one = console.schedules.get(1)
    assert (one.definition.tell, one.definition.queue, one.created_by) == (
        ("ops", "pager"),
        True,
        person(),
    )
    text = (await client.get(at, headers=PAGE)).text
    assert 'name="version" value="1"' in text
    assert "Wed 2026-11-25 03:00" in text
    changed = await client.post(
        at, data=FORM | {"version": "1", "kind": "every", "every": "6h"}, headers={"HX-Request": "true"}
    )
    assert (changed.status_code, changed.headers["hx-redirect"]) == (204, at)
    assert console.schedules.get(1).fields["every"] == "6h"
    stale = await client.post(at, data=FORM | {"version": "1"}, headers={"HX-Request": "true"})
    assert stale.status_code == 412
    assert "changed meanwhile" in stale.text
    for word, says in (("pause", "Resume"), ("resume", "Pause")):
        assert (await client.post(f"{at}/{word}", headers=PAGE)).status_code == 303
        assert f"<button>{says}</button>" in (await client.get("/schedules", headers=PAGE)).text
    ran = await client.post(f"{at}/run", headers=PAGE)
    assert ran.headers["location"].startswith("/runs/")
    assert (await client.post(f"{at}/delete", headers=PAGE)).headers["location"] == "/schedules"
    assert "Nothing runs by itself yet" in (await client.get("/schedules", headers=PAGE)).text


async def test_a_schedule_that_was_changed_meanwhile_is_not_deleted_by_an_old_page(
    client: httpx.AsyncClient, console: Any
) -> None:
    at = (await created(client)).headers["location"].removeprefix("/api")
    shown = {"version": "1"}
    assert 'name="version" value="1"><button class="stop">' in (await client.get(at, headers=PAGE)).text
    console.schedules.amend(1, {"cron": "0 4 * * *"}, version=1)
    assert (await client.post(f"{at}/delete", data=shown, headers=PAGE)).status_code == 412
    assert (await client.post(f"{at}/delete", data={"version": "2"}, headers=PAGE)).status_code == 303


async def test_what_the_form_does_not_show_stays(client: httpx.AsyncClient, console: Any) -> None:
    await created(client, variables={"a": 1}, accept=["unproven"])
    await client.post("/schedules/1", data=FORM | {"version": "1"}, headers=PAGE)
    assert console.schedules.get(1).definition.variables == {"a": 1}
    assert console.schedules.get(1).definition.accept == ("unproven",)


async def test_what_comes_from_a_file_says_so_and_has_no_form(
    client: httpx.AsyncClient, console: Any
) -> None:
    path = console.settings.experiments / "serverless-etl" / "schedules.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("schedules:\n  - {name: filed, experiment: exp_2-strict, cron: '0 3 * * *'}\n")
    console.schedules.files.sync()
    listed = (await client.get("/schedules", headers=PAGE)).text
    assert "from <code>experiments/serverless-etl/schedules.yaml</code>" in listed
    assert "Delete" not in listed
    text = (await client.get("/schedules/1", headers=PAGE)).text
    assert "change it there" in text
    assert '<form class="start-form schedule-form"' not in text
    answer = await client.patch("/api/schedules/1", json={"cron": "0 4 * * *"}, headers={"if-match": "*"})
    assert answer.status_code == 409
    assert "schedules.yaml" in answer.json()["detail"]
    path.write_text(
        "schedules:\n  - {name: filed, experiment: exp_2-strict, cron: '0 33 * * *', missed: skip}\n"
    )
    console.schedules.files.sync()
    broken = (await client.get("/schedules", headers=PAGE)).text
    assert "schedules.yaml:2" in broken
    assert "The hour field “33”" in broken


async def test_a_file_with_a_mistake_is_not_told_beside_nothing_runs_by_itself(
    client: httpx.AsyncClient, console: Any
) -> None:
    console.settings.experiments.mkdir(exist_ok=True)
    (console.settings.experiments / "schedules.yaml").write_text("schedules:\n  - {name: filed}\n")
    console.schedules.files.sync()
    text = (await client.get("/schedules", headers=PAGE)).text
    assert "experiments/schedules.yaml:2" in text
    assert "Nothing runs by itself yet" not in text


async def test_an_experiment_s_page_has_its_schedules_and_the_form(client: httpx.AsyncClient) -> None:
    await created(client)
    text = (await client.get(f"/experiments/{STRICT}", headers=PAGE)).text
    assert 'href="/schedules/1">nightly</a>' in text
    assert 'action="/schedules"' in text
    assert "The next ten fires" in text  # without JavaScript, too


@pytest.mark.parametrize("view", ["week", "month"])
async def test_the_calendar_shows_what_ran_with_verdicts_and_what_will_run(
    client: httpx.AsyncClient, console: Any, view: str
) -> None:
    await created(client, name="soon", cron="0 18 * * *", time_zone="UTC")
    await created(client, name="often", cron="*/5 * * * *", time_zone="UTC")
    console.runs.add(ago=7200, verdict=Verdict.DEVIATED, title="By hand")
    scheduler = Scheduler(console.schedules, console.storage, console.clock)
    console.runs.start_was, console.runs.start = console.runs.start, refuse
    console.clock.advance(300)
    scheduler.step()
    text = (await client.get(f"/calendar?view={view}", headers=PAGE)).text
    assert "deviated" in text
    assert "By hand" in text
    assert text.count("✕ refused") == 1
    assert "18:00" in text
    assert "and again that day" in text
    assert 'aria-current="date"' in text
    assert text.count('class="day') == (7 if view == "week" else 42)


def refuse(*_: Any, **__: Any) -> None:
    raise Conflict("ssm:x is in use by run 7.", run=7)


@pytest.mark.parametrize("day", ["", "2027-01-01", "nonsense", "0001-01-01", "9999-12-31", "2026-02-28"])
async def test_any_day_can_be_asked_for(client: httpx.AsyncClient, day: str) -> None:
    await created(client)
    for view in ("week", "month", "day", "year"):
        assert (
            await client.get("/calendar", params={"view": view, "day": day}, headers=PAGE)
        ).status_code == 200


@pytest.mark.parametrize("day", ["2026-11-24", "2027-06-01", "2099-12-01"])
async def test_a_month_with_very_many_schedules_is_drawn_at_a_bounded_cost(
    client: httpx.AsyncClient, console: Any, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    console.schedules.create({**NIGHTLY, "name": "nightly"}, by="me")
    often = {"experiment": STRICT, "every": "1m", "time_zone": "UTC"}
    for number in range(60):
        console.schedules.create({**often, "name": f"often {number}"}, by="me")
    asked: list[int] = []
    upcoming = console.schedules.upcoming

    def counted(schedule: Any, after: Any = None, most: int = 10) -> Any:
        asked.append(most)
        return upcoming(schedule, after, most)

    monkeypatch.setattr(console.schedules, "upcoming", counted)
    text = (await client.get("/calendar", params={"view": "month", "day": day}, headers=PAGE)).text
    far = day.startswith("2099")
    assert sum(asked) == 0 if far else 0 < sum(asked) < 3000
    assert ("Fires are written out for 400 days: until 2027-12-29." in text) is far
    assert ("and more, of up to" in text) is not far
    assert ("> nightly" in text) is not far
    assert max(of_day.count("<a ") for of_day in text.split("</ol>")[0].split('<li class="day')[1:]) <= 25


async def test_a_calendar_says_that_there_are_more_schedules_and_freezes_than_it_draws(
    client: httpx.AsyncClient, console: Any
) -> None:
    place = console.settings.environments["sandbox"]
    freeze = (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    console.settings.environments["sandbox"] = replace(place, blackouts=(freeze,) * 9)
    for number in range(201):
        console.schedules.create({**NIGHTLY, "name": f"nightly {number}"}, by="me")
    text = (await client.get("/calendar", headers=PAGE)).text
    assert "Of the schedules of sandbox, the 200 that fire next are drawn." in text
    assert "and more, of up to 180 schedules" in text
    assert text.count("▲ blackout") == 5
    assert "▲ and 4 more" in text
    whole = (await client.get("/calendar?view=day&day=2026-11-25", headers=PAGE)).text
    assert "fire next are drawn" not in whole
    assert whole.count("▲ blackout") == 9
    assert whole.count("nightly ") == 200
    more = (await client.get("/calendar?view=day&day=2026-11-25&skip=200", headers=PAGE)).text
    assert ("More of this day" in whole, "More of this day" in more) == (True, False)
    assert more.count("nightly ") == 1


async def test_a_day_on_which_very_much_ran_shows_the_last_of_it(
    client: httpx.AsyncClient, console: Any
) -> None:
    for number in range(50):
        console.runs.add(ago=60 + number, verdict=Verdict.DEVIATED, title=f"Run-{number}-")
    text = (await client.get("/calendar", headers=PAGE)).text
    assert '<a href="/calendar?view=day&amp;day=2026-11-24">and 30 more that ran</a>' in text
    assert "Run-0-" in text
    assert "Run-30-" not in text
    whole = (await client.get("/calendar?view=day&day=2026-11-24", headers=PAGE)).text
    assert all(f"Run-{number}-" in whole for number in range(50))


def ran(console: Any, schedule: int, times: Iterable[datetime]) -> None:
    with console.storage.writing() as session:
        store.write_all(session, [
            {"schedule_id": schedule, "at": at, "due_at": at, "written_at": at, "state": FireState.REFUSED, "sentence": "busy"}
            for at in times
        ])  # fmt: skip


def of_days(text: str) -> dict[str, str]:
    """A calendar's page by its days."""
    pieces = text.split('<time datetime="')[1:]
    return {piece[:10]: piece for piece in pieces}


@pytest.mark.parametrize("view", ["week", "month"])
async def test_no_day_that_is_over_is_left_out_however_much_ran_later_or_elsewhere(
    client: httpx.AsyncClient, console: Any, view: str
) -> None:
    console.clock.advance(5.5 * 86400)  # Sunday, 29 November
    console.settings.environments["elsewhere"] = Environment(name="elsewhere")
    one = console.schedules.create({**NIGHTLY, "name": "nightly"}, by="me").id
    often = console.schedules.create({**NIGHTLY, "name": "often"}, by="me").id
    other = console.schedules.create({**NIGHTLY, "name": "other", "environment": "elsewhere"}, by="me").id
    first = datetime(2026, 11, 23, tzinfo=UTC)
    minutes = [first + timedelta(minutes=n) for n in range(6 * 1440)]
    ran(console, often, minutes)
    ran(console, other, minutes)
    ran(console, one, [first + timedelta(days=n, hours=20) for n in range(6)])
    text = (await client.get("/calendar", params={"view": view, "day": "2026-11-24"}, headers=PAGE)).text
    days = of_days(text)
    for number in range(23, 29):
        day = days[f"2026-11-{number}"]
        assert day.count("> often") == 3
        assert "> nightly" in day
        assert "> other" not in day
        assert f'<a href="/calendar?view=day&amp;day=2026-11-{number}">and at least 10' in day
    shown = 0
    for page in range(8):
        asked = {"view": "day", "day": "2026-11-23", "skip": 200 * page}
        text = (await client.get("/calendar", params=asked, headers=PAGE)).text
        assert ("More of this day" in text) is (page < 7)
        shown += text.count("✕ refused")
    assert shown == 1441


async def test_a_day_s_page_goes_on_from_what_ran_to_what_will_run(
    client: httpx.AsyncClient, console: Any
) -> None:
    often = console.schedules.create(
        {**NIGHTLY, "name": "often", "cron": "*/5 * * * *", "time_zone": "UTC"}, by="me"
    )
    console.schedules.create(
        {**NIGHTLY, "name": "tomorrow", "cron": "0 3 25 11 *", "time_zone": "UTC"}, by="me"
    )
    ran(console, often.id, [NOON - timedelta(minutes=5 * n) for n in range(144)])  # until noon, which it is
    pages = [
        (
            await client.get(
                "/calendar", params={"view": "day", "day": "2026-11-24", "skip": skip}, headers=PAGE
            )
        ).text
        for skip in (0, 200)
    ]
    times = [re.findall(r'<span class="num">(\d\d:\d\d)</span> often', page) for page in pages]
    expected = [f"{n // 12:02}:{n % 12 * 5:02}" for n in range(1, 288)]
    assert times[0] + times[1] == expected
    assert "tomorrow" not in "".join(pages)
    assert pages[0].count("✕ refused") == 144
    assert (await client.get("/calendar?view=day&day=2026-11-24&skip=99999", headers=PAGE)).status_code == 200
    assert (await client.get("/calendar?view=day&skip=x", headers=PAGE)).status_code == 404


async def test_a_fire_that_jitter_brings_over_midnight_is_on_the_day_that_it_comes_on(
    client: httpx.AsyncClient, console: Any
) -> None:
    names = (f"late {number}" for number in range(50))
    first = ((name, console.schedules.preview(JITTERED | {"name": name}).upcoming[0]) for name in names)
    name, late = next((name, one) for name, one in first if one.due_at.day != one.at.day)
    console.schedules.create(JITTERED | {"name": name}, by="me")
    for view in ("week", "month", "day"):
        asked = {"view": view, "day": f"{late.due_at:%Y-%m-%d}"}
        text = (await client.get("/calendar", params=asked, headers=PAGE)).text
        day = text if view == "day" else of_days(text)[f"{late.due_at:%Y-%m-%d}"]
        assert f"{late.due_at:%H:%M}</span> {name}" in day


async def test_a_freeze_is_on_the_calendar_and_on_the_fires_that_it_will_refuse(
    client: httpx.AsyncClient, console: Any
) -> None:
    await created(client)
    place = console.settings.environments["sandbox"]
    freeze = (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    console.settings.environments["sandbox"] = replace(place, blackouts=(freeze,))
    text = (await client.get("/calendar", headers=PAGE)).text
    assert "▲ blackout" in text
    assert "would be refused" in text
    assert "in a blackout" in (await client.get("/schedules/1", headers=PAGE)).text


@pytest.mark.parametrize(
    "path", ["/schedules", "/schedules/1", "/calendar", "/calendar?view=month", "/calendar?view=day"]
)
async def test_each_page_has_one_heading_and_the_armed_bar_and_shows_hostile_names_as_text(
    client: httpx.AsyncClient, console: Any, path: str
) -> None:
    await created(client, name="<img src=x onerror=alert(1)>")
    console.faults.armed()
    text = (await client.get(path, headers=PAGE)).text
    assert text.count("<h1") == 1
    assert "Roll back now" in text
    assert "<img src=x" not in text
    assert " style=" not in text


@pytest.mark.parametrize("variables", ['{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', '{"\\ud800": 1}'])
async def test_what_no_answer_could_hold_is_refused(client: httpx.AsyncClient, variables: str) -> None:
    body = f'{{"name": "x", "experiment": "{STRICT}", "cron": "0 3 * * *", "variables": {variables}}}'
    refused = await client.post(
        "/api/schedules", content=body.encode(), headers={"content-type": "application/json"}
    )
    assert refused.status_code == 422, refused.text
    assert refused.json()["problems"][0]["path"].startswith("variables")
    assert (await client.get("/api/schedules")).json() == []


async def test_a_schedules_page_lists_the_next_fires_once_and_opens_what_is_set(
    client: Any, console: Any
) -> None:
    plain = console.schedules.create(NIGHTLY, by="maria")
    page = (await client.get(f"/schedules/{plain.id}")).text
    assert page.count("for you") == 10
    assert "The next ten fires" not in page  # of the form's preview
    assert "<details><summary>More" in page
    assert page.index('id="definition"') < page.index("<aside")
    late = console.schedules.create({**NIGHTLY, "name": "late", "jitter": "10m"}, by="maria")
    assert "<details open><summary>More" in (await client.get(f"/schedules/{late.id}")).text
