"""What a request has wrong, in our own words rather than Pydantic's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NUMBER, WHOLE, TEXT, TRUTH = "a number", "a whole number", "a text", "true or false"
KINDS: Mapping[str, str] = {
    "float_type": NUMBER, "float_parsing": NUMBER, "decimal_type": NUMBER, "decimal_parsing": NUMBER,
    "int_type": WHOLE, "int_parsing": WHOLE, "int_from_float": WHOLE, "string_type": TEXT,
    "bool_type": TRUTH, "bool_parsing": TRUTH, "list_type": "a list", "tuple_type": "a list",
    "dict_type": "an object", "mapping_type": "an object", "model_type": "an object",
    "model_attributes_type": "an object", "dataclass_type": "an object",
    "datetime_type": "a time", "datetime_parsing": "a time", "datetime_from_date_parsing": "a time",
    "finite_number": "a number that ends",
}  # fmt: skip
BOUNDS: Mapping[str, str] = {
    "missing": "It is missing. Add it.",
    "extra_forbidden": "There is no such field.",
    "greater_than": "It has to be more than {gt}.",
    "greater_than_equal": "It has to be {ge} or more.",
    "less_than": "It has to be less than {lt}.",
    "less_than_equal": "It has to be {le} or less.",
    "literal_error": "It has to be {expected}.",
    "enum": "It has to be {expected}.",
    "string_too_short": "It has to have {min_length} characters or more.",
    "string_too_long": "It may have {max_length} characters at most.",
    "too_short": "It has to have {min_length} or more.",
    "too_long": "It may have {max_length} at most.",
    "string_pattern_mismatch": "It has to match “{pattern}”.",
    "json_invalid": "The body is not JSON: {error}.",
}

SENT = ("body", "query", "path", "header")  # how a value came, which is not told
QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)")


def sentence(one: Mapping[str, Any]) -> str:
    """Of one error as Pydantic lists it; in its own words where there are none of ours."""
    kind = str(one.get("type"))
    if kind in KINDS:
        return f"It has to be {KINDS[kind]}."
    if kind in BOUNDS:
        return BOUNDS[kind].format_map(
            {
                name: _listed(value) if name == "expected" else quoted(str(value))
                for name, value in (one.get("ctx") or {}).items()
            }
        )
    said = str(one.get("msg") or "It is not valid").removeprefix("Value error, ").rstrip(".")
    return f"{said}."


def place(one: Mapping[str, Any]) -> str:
    """Where it is, as everywhere: `stop[0].above`. What is wrong with the body as a whole has none."""
    if one.get("type") == "json_invalid":
        return ""
    loc, path = list(one.get("loc", ())), ""
    for part in loc[1:] if loc and loc[0] in SENT else loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def quoted(text: str) -> str:
    """A library's 'a' as our “a”."""
    return QUOTED.sub(r"“\1”", text)


def _listed(expected: Any) -> str:
    """Words of the API itself, which Pydantic lists as 'a', 'b' or 'c'."""
    return QUOTED.sub(r"\1", str(expected))
