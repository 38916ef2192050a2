"""What an experiment would arm, as its file says: for whoever is told of a run that did not begin. AWS is not asked."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from app.dialects import DIALECTS, SWITCHED, Fault, read_as, recognise, sentence, share_of
from app.runs.rooms import Rooms

LOGGER = logging.getLogger(__name__)


def announced(
    rooms: Rooms, experiment_id: str, environment: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Nothing where the file can not be read: why it does not start is told without it, too."""
    try:
        place = rooms.settings.environments[environment]
        reading = rooms.reading.read(rooms.catalog.load(experiment_id), place, variables)
        return facts(reading.intents)
    except Exception as error:  # noqa: BLE001  whatever a file holds
        LOGGER.info("What %s would arm is not known: %s", experiment_id, error)
        return {}


def facts(intents: Iterable[Any]) -> dict[str, Any]:
    """`what`, `share`, `store` and `functions`, of the method's intents; empty where nothing of it is understood.

    Only a setting of a function itself names the function: who reads a store is AWS's to say.
    """
    found = [
        (kind, name, fault)
        for one in intents
        if str(one.phase) == "method"
        for kind, name in [one.store]
        if (fault := _fault(kind, one.value)) is not None
    ]
    functions = [name for kind, name, _ in found if kind == "lambda-concurrency"]
    return {
        "what": "; ".join(dict.fromkeys(sentence(fault, _itself(kind, name)) for kind, name, fault in found)),
        "share": " and ".join(dict.fromkeys(share for *_, fault in found if (share := share_of(fault)))),
        "store": ", ".join(dict.fromkeys(f"{kind}:{name}" for kind, name, _ in found)),
        "functions": list(dict.fromkeys(functions)),
    }


def _itself(kind: str, name: str) -> tuple[str, ...]:
    return (name,) if kind == "lambda-concurrency" else ()


def _fault(kind: str, value: str) -> Fault | None:
    if kind in SWITCHED:
        return read_as(kind, value)
    dialect = recognise(value)
    return DIALECTS[dialect].parse(value) if dialect else None
