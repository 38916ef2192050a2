"""JSON of whatever there is: an answer about a rollback must not fail on what somebody once had stored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse


class Json(JSONResponse):
    """As Starlette's; what JSON has no form for is null, and half a character is written as an escape."""

    def render(self, content: Any) -> bytes:
        try:
            return super().render(content)
        except ValueError:
            text = json.dumps(finite(content), ensure_ascii=False, separators=(",", ":"))
            return text.encode("utf-8", "backslashreplace")


def finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
