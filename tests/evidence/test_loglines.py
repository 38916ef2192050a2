from __future__ import annotations

import pytest

from app.evidence.loglines import Kind, Written, parse

ID = "7b2c3ad9-0e0c-5c3c-83e7-6c2de114e600"
INTERCEPTED = "Intercepted network connection to dynamodb.us-east-2.amazonaws.com"


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (f"START RequestId: {ID} Version: $LATEST\n", Written(kind=Kind.START, text="", request_id=ID)),
        (f"END RequestId: {ID}", Written(kind=Kind.END, text="", request_id=ID)),
        (
            f"REPORT RequestId: {ID}\tDuration: 2914.31 ms\tBilled Duration: 2915 ms\tMemory Size: 128 MB",
            Written(kind=Kind.REPORT, text="", request_id=ID, ms=2914.31),
        ),
        (
            f"2026-11-24T12:00:00.000Z\t{ID}\tINFO\t{INTERCEPTED}\n",
            Written(kind=Kind.TEXT, text=INTERCEPTED, request_id=ID),
        ),
        (f"{ID}\tINFO\t{INTERCEPTED}", Written(kind=Kind.TEXT, text=INTERCEPTED, request_id=ID)),
        (INTERCEPTED, Written(kind=Kind.TEXT, text=INTERCEPTED)),
        ("2026-11-24T12:00:00.000Z\tundefined\tINFO\thello", Written(kind=Kind.TEXT, text="hello")),
        ("2026-11-24T12:00:00.000Z\t\tINFO\thello", Written(kind=Kind.TEXT, text="hello")),
        ("", Written(kind=Kind.TEXT, text="")),
        (
            f"2026-11-24T12:00:00.000Z\t{ID}\tERROR\tone\rtwo\ttabbed",
            Written(kind=Kind.TEXT, text="one\rtwo\ttabbed", request_id=ID),
        ),
    ],
)
def test_a_line_says_what_it_is_and_whose(message: str, written: Written) -> None:
    parsed = parse(message)
    assert (parsed.kind, parsed.request_id, parsed.ms) == (written.kind, written.request_id, written.ms)
    if written.kind is Kind.TEXT:
        assert parsed.text == written.text
