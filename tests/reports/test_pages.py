"""The report for people needs nothing but itself, and shows what the run's own page shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from app.queries import Tolerance
from app.reports import as_json, pages
from app.reports.charts import HEIGHT, WIDTH, chart
from app.reports.report import Probe, Report, Series
from app.runs import StepState
from tests.reports.conftest import ENTRY, SERIES, at, look, step

Build = Callable[..., Report]
NASTY = '<script>alert(1)</script> | "x" *y*'


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_html_brings_its_style_and_asks_for_nothing_else(report: Build) -> None:
    tags = Tags(pages.html(report()).decode()).seen
    names = {tag for tag, _ in tags}
    assert "style" in names
    assert not names & {"script", "link", "img", "iframe"}
    assert not [attributes for _, attributes in tags if {"src", "href", "style"} & set(attributes)]


@pytest.mark.parametrize(
    "fact",
    ["deviated", "“messages-in-flight” was outside", "48.1\u202f%", "−10 … 20 %", "maria", "123456789012", "ab" * 32, "c0ffee",
     "1.44.0", "It translates.", "Migrate.", "messages-in-flight is above 40 for 60 s", "share=0.5", "214 of 431",
     "ssm:failureLambdaConfig", "translated from failure-lambda/0.2", "Disarmed: read back.", "21 s", "42 s", "ended with code 3",
     "not played", "with changes", "5 min 30 s"],
)  # fmt: skip
def test_both_forms_hold_the_facts(report: Build, fact: str) -> None:
    made = report()
    assert fact in pages.html(made).decode()
    assert fact in pages.markdown(made).decode().replace("\\", "")


def test_what_a_file_says_is_shown_and_never_obeyed(report: Build) -> None:
    made = report(run={"title": NASTY, "requested_by": NASTY})
    assert "<script>" not in pages.html(made).decode()
    text = pages.markdown(made).decode()
    assert "<script>" not in text.replace("\\<script\\>", "")
    row = next(line for line in text.splitlines() if line.startswith("| Asked by"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_a_run_without_anything_has_a_report_too(report: Build) -> None:
    bare = {"verdict": None, "verdict_reason": None, "proof": None, "facts": {}, "variables": {}, "ended_at": None,
            "started_at": None, "document": {}, "git_commit": None}  # fmt: skip
    made = report(run=bare, looks=(), series=(), faults=(), timeline=(), versions={})
    assert "not begun" in pages.html(made).decode()
    assert "not begun" in pages.markdown(made).decode()
    assert as_json.document(made)["verdict"] is None


def test_all_charts_of_a_report_show_the_same_time(report: Build) -> None:
    short = replace(SERIES, name="errors", samples=((at(100), 1.0), (at(110), 2.0)))
    made = report(series=(SERIES, short))
    drawn = [chart(series, made) for series in made.series]
    assert len({(one.begin, one.end, one.armed) for one in drawn if one}) == 1


def test_a_probe_that_was_not_asked_says_so(report: Build) -> None:
    unseen = Probe(
        name="errors", tolerance="0", value=None, within=None, unseen="not looked at: an earlier probe failed"
    )
    missed = look("after", 48.1, met=False)
    made = report(looks=(replace(missed, probes=(*missed.probes, unseen)),))
    row = next(line for line in pages.markdown(made).decode().splitlines() if "| errors |" in line)
    assert "not looked at: an earlier probe failed" in row
    assert ">not looked at: an earlier probe failed<" in pages.html(made).decode()


def test_a_gap_in_the_data_is_a_gap_in_the_line(report: Build) -> None:
    drawn = chart(SERIES, report())
    assert drawn
    assert len(drawn.lines) == 2
    assert len(drawn.dots) == 1
    points = [tuple(map(float, point.split(","))) for line in drawn.lines for point in line.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_the_band_and_the_fault_lie_where_they_belong(report: Build) -> None:
    drawn = chart(SERIES, report())
    assert drawn
    assert drawn.band
    begin, end = drawn.begin, drawn.end
    assert (begin, end) == (at(0), at(330))
    [box] = drawn.armed
    assert box.x == pytest.approx(WIDTH * 10 / 330, abs=0.1)
    assert box.x + box.width == pytest.approx(WIDTH * 320 / 330, abs=0.2)
    high = float(drawn.lines[1].split()[0].split(",")[1])
    assert high < drawn.band.y, "48.1 % is above the band"


@pytest.mark.parametrize("samples", [(), ((at(0), None),)])
def test_nothing_to_draw_is_no_picture(report: Build, samples: tuple[object, ...]) -> None:
    series = Series(name="x", tolerance="", bounds=Tolerance(), unit="", samples=samples)  # type: ignore[arg-type]
    assert chart(series, report()) is None
    assert "<svg" not in pages.html(report(series=(series,))).decode()


def test_one_sample_and_one_instant_can_be_drawn(report: Build) -> None:
    series = Series(name="x", tolerance="", bounds=Tolerance(), unit="", samples=((at(0), 5.0),))
    assert chart(series, report(run={"ended_at": at(0)}, faults=()))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, ""),
        ({"hit": 3, "invocations": 4, "counted": 9, "can_see": True}, "3 of 9 invocations were hit"),
        ({"hit": 0, "invocations": 4, "can_see": True}, "none of 4 invocations"),
        ({"hit": 0, "invocations": 0, "can_see": False, "why": "AccessDenied"}, "AccessDenied"),
    ],
)
def test_the_proof_is_a_sentence(told: dict[str, object] | None, words: str) -> None:
    assert words in pages.proof(told)


def test_json_holds_it_all_in_plain_values(report: Build) -> None:
    told = json.loads(as_json.text(report()))
    assert told["run"] == 7
    assert told["verdict"] == "deviated"
    assert told["asked"]["stop"] == ["messages-in-flight is above 40 for 60 s"]
    assert told["hypothesis"][1]["probes"][0]["value"] == 48.1
    assert told["signals"][0]["samples"][2] == [at(120).isoformat(), None]
    assert told["signals"][0]["judgement"] == "outside"
    assert told["faults"][0]["seconds_to_quiet"] == ENTRY.seconds_to_quiet == 21.0
    assert told["faults"][0]["phase"] == "clean"


def test_no_text_of_a_file_turns_the_report_around_or_speaks_to_a_terminal(report: Build) -> None:
    name = "x\x1b[31m\u202egnp.exe \x9b31m\ud800"
    made = report(timeline=(step("activity", name, StepState.FAIL, name),), run={"title": name})
    for text in (pages.html(made).decode(), pages.markdown(made).decode()):
        assert "gnp.exe" in text
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
    as_json.text(made)
