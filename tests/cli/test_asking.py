"""What a console refuses is told as its sentence, whatever the status."""

from __future__ import annotations

import httpx
import pytest

from app.cli.run.asking import Api
from app.errors import Changed, GamedayError, Invalid, Unavailable, Unconditional


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (412, {}, Changed),
        (413, {}, Invalid),
        (428, {}, Unconditional),
        (429, {"retry-after": "7"}, Unavailable),
        (429, {}, Unavailable),
        (503, {"retry-after": "7"}, Unavailable),
    ],
)
def test_a_refusal_is_its_sentence(status: int, headers: dict[str, str], kind: type[GamedayError]) -> None:
    def answers(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"detail": "The console's own words."}, headers=headers)

    api = Api("http://console.example")
    api.client = httpx.Client(transport=httpx.MockTransport(answers), base_url=api.server)
    with pytest.raises(kind, match=r"^The console's own words\.$") as refused:
        api.json("GET", "/api/runs")
    assert refused.value.details.get("after") == (float(headers["retry-after"]) if headers else None)
