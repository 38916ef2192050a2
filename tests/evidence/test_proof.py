"""Proof that a fault fired: counted by request id, each line once."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from app.dialects import Fault, FaultMode
from app.errors import Invalid
from app.evidence import Proof, explain

DIALECT = "failure-lambda/0.x"
INTERCEPTED = "Intercepted network connection to dynamodb.us-east-2.amazonaws.com"
ONE, TWO, THREE = (f"0000000{n}-0e0c-5c3c-83e7-6c2de114e600" for n in (1, 2, 3))
FAULT = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=("dynamodb.*.amazonaws.com",))


@pytest.fixture
def read(evidence: Any, clock: Any) -> Any:
    since = clock.now()
    return lambda *functions, **more: evidence.proof("test", functions or ("f",), DIALECT, since, **more)


def test_invocations_are_hit_once_however_often_they_are_refused(read: Any, log: Any) -> None:
    log.invocation(ONE, INTERCEPTED, INTERCEPTED, "ETL completed", ms=2914)
    log.invocation(TWO, "ETL completed", ms=188)
    proof = read()
    assert (proof.invocations, proof.hit, proof.interceptions) == (2, 1, 2)
    assert (proof.fired, proof.share, proof.can_see) == (True, 0.5, True)
    assert [(row.request_id, row.ms, row.intercepted) for row in proof.expensive] == [
        (ONE, 2914, 2),
        (TWO, 188, 0),
    ]
    assert [line.text for line in proof.lines] == ["ETL completed", "ETL completed", INTERCEPTED, INTERCEPTED]


def test_a_verdict_a_page_and_the_aftermath_read_one_log_once_and_count_the_same(
    evidence: Any, log: Any, clock: Any
) -> None:
    written = clock.now()
    log.invocation(ONE, INTERCEPTED)  # of the fault before this one
    clock.advance(1)
    fault = SimpleNamespace(
        environment="test", functions=("f",), dialect=DIALECT, created_at=written, armed_at=clock.now(),
        disarmed_at=None,
    )  # fmt: skip
    log.invocation(TWO, INTERCEPTED)
    clock.advance(5)
    fault.disarmed_at = clock.now()
    assert (evidence.of(fault).hit, len(log.calls)) == (1, 1)
    assert (evidence.of(fault).hit, len(log.calls)) == (1, 1)
    clock.advance(20)
    log.invocation(THREE, INTERCEPTED)  # a warm container that has kept it
    assert evidence.of(fault).last_seen < fault.disarmed_at
    late = evidence.of(fault, until=clock.now())  # a page has just looked, and asked for less
    assert (late.hit, late.until, late.last_seen) == (2, clock.now(), clock.now())
    clock.advance(2)
    assert evidence.of(fault).hit == 2
    assert all(call["startTime"] <= call["endTime"] for call in log.calls)


def test_chatter_does_not_hide_an_interception(read: Any, log: Any) -> None:
    log.invocation(ONE, INTERCEPTED, *(f"chatter {number}" for number in range(200)))
    lines = read().lines
    assert [line.text for line in lines[:2]] == ["chatter 199", "chatter 198"]
    assert lines[-1].text == INTERCEPTED
    assert len(lines) <= 40


def test_what_node_says_about_itself_is_not_shown(read: Any, log: Any) -> None:
    warning = "(node:31) MaxListenersExceededWarning: Possible EventEmitter memory leak detected."
    log.invocation(
        ONE, INTERCEPTED, warning, "(Use `node --trace-warnings ...` to show where)", "ETL completed"
    )
    assert [line.text for line in read().lines] == ["ETL completed", INTERCEPTED]


def test_a_line_belongs_to_the_request_it_names_even_after_its_end(read: Any, log: Any) -> None:
    log.invocation(ONE)
    log.write(f"2026-11-24T12:00:00.000Z\t{ONE}\tINFO\t{INTERCEPTED}")
    log.invocation(TWO, f"2026-11-24T12:00:00.000Z\t{ONE}\tINFO\t{INTERCEPTED}")
    proof = read()
    assert (proof.invocations, proof.hit, proof.interceptions) == (2, 1, 2)


def test_streams_are_told_apart(read: Any, log: Any) -> None:
    log.write(f"START RequestId: {ONE} Version: 1", stream="a")
    log.write(f"START RequestId: {TWO} Version: 1", stream="b")
    log.write(INTERCEPTED, stream="a")
    log.invocation(THREE, stream="a")
    proof = read()
    assert (proof.hit, proof.lines[0].request_id, proof.streams, proof.streams_hit) == (1, ONE, 2, 1)


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize(("page", "tokens"), [(10_000, True), (3, True)])
def test_each_line_counts_once_over_many_readings(
    read: Any, log: Any, clock: Any, *, ids: bool, page: int, tokens: bool
) -> None:
    log.ids, log.page, log.tokens = ids, page, tokens
    for number in range(30):
        log.invocation(
            f"{number:08}-0e0c-5c3c-83e7-6c2de114e600", INTERCEPTED, INTERCEPTED, stream=f"s{number % 3}"
        )
        clock.advance(2)
        read()
    clock.advance(2)
    proof = read()
    assert (proof.invocations, proof.hit, proof.interceptions) == (30, 30, 60)


def test_an_emulators_page_that_is_cut_silently_is_read_on(
    read: Any, log: Any, clock: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("app.evidence.collector.PAGE", 50)
    log.page, log.tokens = 50, False
    for number in range(60):
        log.invocation(f"{number:08}-0e0c-5c3c-83e7-6c2de114e600", INTERCEPTED)
        clock.advance(0.01)
    assert read().interceptions == 60


def test_a_line_that_arrives_late_counts_for_its_own_invocation(read: Any, log: Any, clock: Any) -> None:
    clock.advance(20)
    log.invocation(ONE)
    read()
    clock.advance(5)
    log.write(f"2026-11-24T12:00:00.000Z\t{ONE}\tINFO\t{INTERCEPTED}", late=5)
    log.invocation(TWO)
    proof = read()
    assert (proof.invocations, proof.hit) == (2, 1)


def test_everybody_shares_one_reading(read: Any, log: Any, clock: Any) -> None:
    log.invocation(ONE)
    for _ in range(50):
        read()
    assert len(log.calls) == 1
    clock.advance(60)
    read()
    assert log.calls[-1]["startTime"] > log.calls[0]["startTime"] - 1


def test_what_came_after_the_end_is_not_counted(read: Any, log: Any, clock: Any) -> None:
    end = clock.now() + timedelta(seconds=1)
    clock.advance(5)
    log.invocation(ONE, INTERCEPTED)
    assert read(until=end).invocations == 0


@pytest.mark.parametrize(
    ("functions", "why"),
    [((), "No function"), (("elsewhere",), "There is no log group /aws/lambda/elsewhere")],
)
def test_where_there_is_no_log_nothing_is_proven_either_way(
    evidence: Any, clock: Any, functions: tuple[str, ...], why: str
) -> None:
    proof = evidence.proof("test", functions, DIALECT, clock.now())
    assert (proof.can_see, proof.fired) == (False, False)
    assert proof.why.startswith(why)


def test_a_log_that_is_read_in_parts_is_known_as_far_as_it_was_read(read: Any, log: Any, clock: Any) -> None:
    began, log.page = clock.now(), 1
    for _ in range(4):  # sixteen lines, and a reading takes ten pages
        log.invocation(ONE, INTERCEPTED)
    clock.advance(30)
    assert read().until == began
    clock.advance(30)
    assert read().until == clock.now()


def test_throttling_is_backed_off_from_and_what_was_read_stands(read: Any, log: Any, clock: Any) -> None:
    log.invocation(ONE, INTERCEPTED)
    read()
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "FilterLogEvents")
    log.errors = [throttled] * 3
    for _ in range(30):
        clock.advance(1)
        proof = read()
    assert (proof.can_see, proof.hit) == (True, 1)
    assert len(log.calls) < 15
    clock.advance(60)
    assert read().why == ""


def test_what_could_not_be_read_is_no_silence(read: Any, log: Any, clock: Any) -> None:
    began = read().until
    log.invocation(ONE)
    log.errors = [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "FilterLogEvents")
    ]
    clock.advance(30)
    assert read().until == began
    clock.advance(30)
    assert read().until == clock.now()


def test_a_denial_is_not_taken_for_silence(read: Any, log: Any) -> None:
    log.errors = [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")
    ]
    proof = read()
    assert not proof.can_see
    assert "not allowed" in proof.why


def test_one_requests_lines(evidence: Any, log: Any, clock: Any) -> None:
    since = clock.now()
    log.invocation(ONE, "first", INTERCEPTED, stream="a")
    log.invocation(TWO, "other", stream="a")
    lines = evidence.request("test", "f", ONE, since)
    assert [line.text for line in lines][1:3] == ["first", INTERCEPTED]
    assert [line.intercepted for line in lines] == [False, False, True, False, False]
    assert evidence.request("test", "f", THREE, since) == []
    with pytest.raises(Invalid):
        evidence.request("test", "f", '" or "', since)


def test_a_share_far_above_the_rate_is_explained(clock: Any) -> None:
    proof = Proof(since=clock.now(), until=clock.now(), invocations=372, hit=357, interceptions=714)
    told = explain(proof, FAULT, ("ChaosTransformer",), DIALECT)
    assert told.startswith(
        "nearly all of the invocations of ChaosTransformer are refused dynamodb.*.amazonaws.com"
    )
    assert "357 of 372 invocations hit (96 %), asked for 50 %" in told
    assert "warm container" in told


def test_a_share_as_asked_for_needs_no_explanation(clock: Any) -> None:
    proof = Proof(since=clock.now(), until=clock.now(), invocations=100, hit=51, interceptions=51)
    assert "warm" not in explain(proof, FAULT, ("f",), DIALECT)


@pytest.mark.parametrize(("invocations", "word"), [(0, "no traffic"), (40, "kept alive hide a deny list")])
def test_silence_is_explained(clock: Any, invocations: int, word: str) -> None:
    proof = Proof(since=clock.now(), until=clock.now(), invocations=invocations)
    assert word in explain(proof, FAULT, ("f",), DIALECT)


def test_a_share_below_what_was_asked_names_what_may_be_why(clock: Any) -> None:
    proof = Proof(since=clock.now(), until=clock.now(), invocations=100, hit=20, interceptions=20)
    told = explain(proof, FAULT, ("f",), DIALECT)
    assert "throttled" in told
    assert "kept alive" in told


def test_more_than_was_asked_without_stickiness_is_told_as_unexplained(clock: Any) -> None:
    proof = Proof(since=clock.now(), until=clock.now(), invocations=100, hit=90, interceptions=90)
    assert "does not explain" in explain(proof, FAULT, ("f",), "failure-lambda/1.x")


def test_the_share_within_the_containers_that_were_hit_is_told(read: Any, log: Any) -> None:
    """Two containers, one of them struck at each of its invocations and the other at none."""
    for number in range(20):
        stream, lines = ("sticky", [INTERCEPTED]) if number % 2 else ("spared", [])
        log.invocation(f"{number:08d}-0e0c-5c3c-83e7-6c2de114e600", *lines, stream=stream)
    proof = read()
    assert (proof.share, proof.streams, proof.streams_hit, proof.share_where_hit) == (0.5, 2, 1, 1.0)
    told = explain(proof, Fault(mode=FaultMode.DENYLIST, rate=0.25, deny_list=("x",)), ("f",), DIALECT)
    assert "In the 1 of 2 containers that were hit at all it is 100 %." in told


def test_hits_are_counted_by_mode_where_several_faults_come_together(
    evidence: Any, log: Any, clock: Any
) -> None:
    late = '{"source":"failure-lambda","mode":"latency","action":"inject"}'
    broken = '{"source":"failure-lambda","mode":"corruption","action":"inject"}'
    log.invocation(ONE, late, broken)
    log.invocation(TWO, late)
    log.invocation(THREE)
    proof = evidence.proof("test", ("f",), "failure-lambda/1.x", clock.now())
    assert (proof.hit, dict(proof.modes)) == (2, {"latency": 2, "corruption": 1})


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        ("fired 214 of 431", {"invocations": 400, "counted": 431, "hit": 214, "interceptions": 300}),
        ("not fired", {"invocations": 12}),
        ("cannot see", {"can_see": False}),
    ],
)
def test_proof_has_three_answers(clock: Any, answer: str, given: dict[str, Any]) -> None:
    assert Proof(since=clock.now(), until=clock.now(), **given).answer == answer


def test_what_chaos_lambda_says_before_its_dice_proves_nothing(evidence: Any, log: Any, clock: Any) -> None:
    line = f"[INFO]\t2026-11-24T12:00:00.000Z\t{ONE}\tInjecting 400 ms of delay with a rate of 0.5"
    log.invocation(ONE, line)
    proof = evidence.proof("test", ("f",), "chaos_lambda/0.3", clock.now())
    assert proof.answer == "cannot see"
    assert "DEBUG" in proof.why


def test_what_chaos_lambda_says_before_dice_that_can_not_miss_proves_it(
    evidence: Any, log: Any, clock: Any
) -> None:
    text = "Injecting exception_type <class 'Exception'> with message no a rate of 1"
    log.invocation(ONE, f"[INFO]\t2026-11-24T12:00:00.000Z\t{ONE}\t{text}")
    proof = evidence.proof("test", ("f",), "chaos_lambda/0.3", clock.now())
    assert (proof.answer, dict(proof.modes)) == ("fired 1 of 1", {"exception": 1})
