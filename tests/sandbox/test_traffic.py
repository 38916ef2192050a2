"""What goes in and what is read at the other end."""

import json

import pytest

from app.errors import Invalid
from app.sandbox import traffic
from app.sandbox.traffic import Traffic, announced, body


class Aws:
    """An S3 that keeps what it is given, and an SQS with nothing in it."""

    endpoint = "http://nowhere"

    def __init__(self):
        self.bodies = []

    def __call__(self, service):
        return self

    def put_object(self, **words):
        self.bodies.append(words["Body"])

    def receive_message(self, **_):
        return {}


def test_a_good_object_is_a_record_and_a_malformed_one_is_not():
    assert set(json.loads(body("one", malformed=False))) == {"id", "symbol", "price", "volume", "at"}
    with pytest.raises(ValueError, match=r"."):
        json.loads(body("one", malformed=True))


def test_one_of_a_hundred_objects_is_malformed_and_evenly():
    aws = Aws()
    driver = Traffic(aws, rate=1)
    for _ in range(300):
        driver._put()
    malformed = [number for number, text in enumerate(aws.bodies) if not text.endswith(b"}")]
    assert malformed == [50, 150, 250]
    assert driver.counts() == traffic.Counts(objects_in=300, malformed_in=3, csv_out=0, failed=0)


@pytest.mark.parametrize(
    ("message", "keys"),
    [
        ({"Event": "s3:TestEvent"}, []),
        ({"Records": [{"s3": {"object": {"key": "outgoing/a+b%2Bc.csv"}}}]}, ["outgoing/a b+c.csv"]),
    ],
)
def test_it_reads_the_keys_of_an_announcement(message, keys):
    assert announced(json.dumps(message)) == keys


@pytest.mark.parametrize("rate", [-1, 101, float("nan")])
def test_it_refuses_a_rate_that_makes_no_sense(rate):
    with pytest.raises(Invalid, match="objects a second"):
        Traffic(Aws(), rate=1).set_rate(rate)


def test_it_stops_at_once_even_when_paused():
    driver = Traffic(Aws(), rate=0)
    driver.start()
    driver.stop()
    assert not any(thread.is_alive() for thread in driver._threads)
    driver.stop()
