"""AppConfig's feature flags: `flags` declares each and its attributes, `values` is what functions are handed.

AppConfig takes no attribute that is not declared, nor one that breaks what its declaration constrains it to. It
dates what it takes in (`_createdAt`, `_updatedAt`), so what it gives back is never byte for byte what was written:
two documents that differ in dates only mean the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.dialects.documents import document, is_envelope, number, over
from app.errors import Invalid

DATES = frozenset({"_createdAt", "_updatedAt"})
VARIANTS = "_variants"
LONGEST_TEXT = 1024  # characters
Object = dict[str, Any]


def meaning(value: bytes | None) -> bytes | None:
    """Feature flags without their dates and in one order; anything else as it is."""
    read = document(value.decode("utf-8", "replace")) if value is not None else None
    if not is_envelope(read):
        return value
    try:
        return json.dumps(_undated(read), sort_keys=True).encode()
    except RecursionError:  # AppConfig's own are flat
        return value


def same(one: bytes | None, other: bytes | None) -> bool:
    """Whether functions are handed the same: byte for byte, or feature flags that differ in their dates only."""
    return one == other or meaning(one) == meaning(other)


def with_values(onto: str, values: Mapping[str, Object], *, words: frozenset[str]) -> str:
    """`onto` with these flags, declared as far as they are not yet; everything else in it stays.

    `words`: attributes that only the writer gives; others of a flag are kept. Invalid for what AppConfig would not take.
    """
    envelope = document(onto) or {}
    declared, present = dict(envelope["flags"]), dict(envelope.get("values", {}))
    for name, value in values.items():
        before = _object(present.get(name))
        kept = {key: one for key, one in before.items() if key not in words and key != VARIANTS}
        present[name] = {**kept, **value}
        if value.get("enabled"):
            declared[name] = _declared(name, _object(declared.get(name)), present[name])
    return over(onto, {"flags": declared, "values": present})


def with_anew(onto: str, name: str, value: Object) -> str:
    """`onto` with one flag in place of what it was, and declared anew: no constraint stands in its way."""
    envelope = document(onto) or {}
    flags = {**envelope["flags"], name: _declared(name, {}, value)}
    return over(onto, {"flags": flags, "values": {**envelope.get("values", {}), name: value}})


def faces(flag: Any) -> Iterator[Object]:
    """What functions may be handed of a flag: itself, or any of its variants."""
    if not isinstance(flag, dict):
        return
    yield flag
    variants = flag.get(VARIANTS)
    for variant in variants if isinstance(variants, list) else ():
        one = _object(variant)
        yield {"enabled": one.get("enabled"), **_object(one.get("attributeValues"))}


def _declared(name: str, declaration: Object, value: Object) -> Object:
    attributes = dict(_object(declaration.get("attributes")))
    given = {key: one for key, one in value.items() if key != "enabled" and key not in DATES}
    for key, one in given.items():
        kind = _constrained(name, key, one)
        if key in attributes:
            _refuse_outside(name, key, one, _object(_object(attributes[key]).get("constraints")))
        else:
            attributes[key] = {"constraints": kind}
    for key, attribute in attributes.items():
        if key not in given and _object(_object(attribute).get("constraints")).get("required"):
            raise Invalid(
                f"AppConfig's flag {name} is declared to need {key}, which this fault has none of. "
                "Declare it as not required, or use a freeform profile."
            )
    return {"name": name, **declaration, "attributes": attributes}


def _constrained(name: str, key: str, value: Any) -> Object:
    """The type that a value is declared as."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if number(value) is not None:
        return {"type": "number"}
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise Invalid(
                f"AppConfig's feature flags take texts of {LONGEST_TEXT} characters at most, and {key} of {name} has "
                f"{len(value)}. Shorten it, or use a freeform profile."
            )
        return {"type": "string"}
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return {"type": "array", "elements": {"type": "string"}}
    if isinstance(value, list) and all(number(one) is not None for one in value):
        return {"type": "array", "elements": {"type": "number"}}
    raise Invalid(
        f"AppConfig's feature flags carry texts, numbers, yes and no, and lists of texts or numbers: {key} of {name} is "
        f"none of them. Leave `{key}` out, or use a freeform profile."
    )


def _refuse_outside(name: str, key: str, value: Any, constraints: Object) -> None:
    """What somebody has declared is a decision of theirs. Patterns are left to AppConfig: they are not Python's."""
    kind = _constrained(name, key, value)["type"]
    fits = constraints.get("type", kind) == kind
    low, high = number(constraints.get("minimum")), number(constraints.get("maximum"))
    if fits and kind == "number":
        fits = (low is None or value >= low) and (high is None or value <= high)
    if fits and isinstance(constraints.get("enum"), list):
        fits = value in constraints["enum"]
    if not fits:
        raise Invalid(
            f"AppConfig's flag {name} is declared with {key} as {json.dumps(constraints)}, and {json.dumps(value)} is not "
            "that. Ask for another, or declare it wider."
        )


def _undated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _undated(one) for key, one in value.items() if key not in DATES}
    if isinstance(value, list):
        return [_undated(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
