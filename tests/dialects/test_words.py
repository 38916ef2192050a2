from __future__ import annotations

import pytest

from app.dialects import Fault, FaultMode, measured, sentence

HOSTS = ("dynamodb.*.amazonaws.com",)


@pytest.mark.parametrize(
    ("fault", "functions", "words"),
    [
        (
            Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=HOSTS),
            ("ChaosTransformer",),
            "half of the invocations of ChaosTransformer are refused dynamodb.*.amazonaws.com",
        ),
        (
            Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=(*HOSTS, "s3.*", "sqs.*")),
            (),
            "all of the invocations are refused dynamodb.*.amazonaws.com, s3.* and sqs.*",
        ),
        (
            Fault(mode=FaultMode.DENYLIST, rate=0.37),
            ("a", "b"),
            "37 % of the invocations of a and b are refused nothing: the list is empty",
        ),
        (
            Fault(mode=FaultMode.LATENCY, rate=0.5, min_latency=3000, max_latency=5000),
            (),
            "half of the invocations start 3000 to 5000 ms late",
        ),
        (
            Fault(mode=FaultMode.LATENCY, rate=0.25, min_latency=3, max_latency=3),
            (),
            "a quarter of the invocations start 3 ms late",
        ),
        (
            Fault(mode=FaultMode.EXCEPTION, rate=0.1, message="no"),
            (),
            "one in ten of the invocations fail with “no”",
        ),
        (
            Fault(mode=FaultMode.STATUSCODE, rate=0.0, status_code=404),
            (),
            "none of the invocations answer 404 without running",
        ),
        (
            Fault(mode=FaultMode.DISKSPACE, rate=2, disk_space=100),
            (),
            "all of the invocations lose 100 MB of their disk",
        ),
    ],
)
def test_a_fault_is_said_in_words(fault: Fault, functions: tuple[str, ...], words: str) -> None:
    assert sentence(fault, functions) == words


@pytest.mark.parametrize(
    ("hit", "begins"), [(0.96, "nearly all"), (1.0, "all"), (0.41, "41 %"), (0.0, "none")]
)
def test_the_measured_share_is_said_beside_it(hit: float, begins: str) -> None:
    fault = Fault(mode=FaultMode.DENYLIST, rate=0.5, deny_list=HOSTS)
    assert (
        measured(fault, ("f",), hit)
        == f"{begins} of the invocations of f are refused dynamodb.*.amazonaws.com"
    )
