import io
import json
import time
import zipfile

import pytest

from app.sandbox.emulator.log_streams import STILL_OPEN, pruned

NOON = 1_700_049_600_000  # milliseconds


def stream(*times):
    events = [{"timestamp": NOON + at, "message": str(at)} for at in times]
    return {"events": events, "lastEventTimestamp": events[-1]["timestamp"] if events else None}


def kept(streams):
    return {name: [event["timestamp"] - NOON for event in one["events"]] for name, one in streams.items()}


def test_few_events_stay():
    streams = {"a": stream(1, 2, 3), "b": stream(2)}
    pruned(streams, most=4, kept=2)
    assert kept(streams) == {"a": [1, 2, 3], "b": [2]}


def test_the_oldest_go_across_streams():
    streams = {"a": stream(1, 2, 7), "b": stream(3, 8, 9)}
    pruned(streams, most=4, kept=3)
    assert kept(streams) == {"a": [7], "b": [8, 9]}


def test_a_stream_that_is_long_silent_goes_too():
    later = STILL_OPEN + 10
    streams = {"silent": stream(1), "quiet": stream(later - 5), "busy": stream(later, later + 1)}
    pruned(streams, most=3, kept=2)
    assert kept(streams) == {"quiet": [], "busy": [later, later + 1]}


@pytest.mark.sandbox
def test_invocations_in_one_container_share_a_stream(client):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.js", "exports.handler = async (event) => { console.log(event.say); };")
    client("lambda").create_function(
        FunctionName="talks",
        Runtime="nodejs20.x",
        Role="arn:aws:iam::000000000000:role/lab",
        Handler="index.handler",
        Code={"ZipFile": package.getvalue()},
    )
    client("lambda").get_waiter("function_active_v2").wait(FunctionName="talks")
    for word in ("one", "two"):
        client("lambda").invoke(FunctionName="talks", Payload=json.dumps({"say": word}).encode())
    logs = client("logs")
    streams = logs.describe_log_streams(logGroupName="/aws/lambda/talks")["logStreams"]
    assert len(streams) == 1
    found = logs.filter_log_events(logGroupName="/aws/lambda/talks", startTime=int((time.time() - 60) * 1000))
    lines = [event["message"] for event in found["events"]]
    assert [word for word in ("one", "two") if any(line.endswith(word) for line in lines)] == ["one", "two"]
    assert sum(line.startswith("REPORT") for line in lines) == 2
    assert {event["logStreamName"] for event in found["events"]} == {streams[0]["logStreamName"]}
