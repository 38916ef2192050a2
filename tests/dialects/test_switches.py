"""Settings of AWS as faults."""

from __future__ import annotations

import pytest

from app.dialects import FaultMode, any_armed, read_as, sentence


@pytest.mark.parametrize(
    ("kind", "text", "mode", "words"),
    [
        ("lambda-concurrency", '{"ReservedConcurrentExecutions": 0}', "concurrency", "f may not run at all"),
        ("lambda-concurrency", '{"ReservedConcurrentExecutions": 3}', "concurrency", "f may run 3 times at once"),
        ("lambda-concurrency", "", None, ""),
        ("event-source-mapping", '{"Enabled": false}', "mapping", "no message of its event source reaches f"),
        ("event-source-mapping", '{"Enabled": true}', None, ""),
        ("events-rule", '{"State": "DISABLED"}', "rule", "the EventBridge rule matches nothing: it is switched off"),
        ("events-rule", '{"State": "ENABLED"}', None, ""),
    ],
)  # fmt: skip
def test_a_switch_that_is_off_is_a_fault(kind: str, text: str, mode: str | None, words: str) -> None:
    fault = read_as(kind, text)
    assert (fault.mode if fault else None) == mode
    assert not any_armed(text)  # whatever it was before is put back
    if fault is not None:
        assert fault.is_switch
        assert sentence(fault, ("f",)) == words
        assert isinstance(fault.mode, FaultMode)
