"""`--stop-if 'signal>20 for 60s'`: a stop condition in a few words. Pure.

The words become what an experiment's `gameday` extension has, and are checked by the same rules.
"""

from __future__ import annotations

import re
from typing import Any

from app.errors import Invalid

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)")
BOUND = re.compile(r"(?P<signal>.*?)\s*(?P<sign>[<>])\s*(?P<rest>.*)")
NO_DATA = re.compile(r"(?P<signal>.*?)\s*\bno data\b\s*(?P<rest>.*)")
ALARMS = {"alarm:": "alarm", "alarm-prefix:": "alarm_prefix", "alarm-tag:": "alarm_tag"}
FORMS = "'signal>20 for 60s', 'signal<1', 'no data for 30s', 'signal no data for 2m', 'alarm:name'"


def condition(text: str) -> dict[str, Any]:
    """As the API's `stop` takes one. Invalid with the part that is wrong, and what is right."""
    for prefix, key in ALARMS.items():
        if text.startswith(prefix):
            return {
                key: _some(text.removeprefix(prefix).strip(), text, "the alarm's name", f"{prefix}payments")
            }
    if found := NO_DATA.fullmatch(text):
        signal = {"signal": found["signal"]} if found["signal"] else {}
        return {**signal, "no_data_for": _for(found["rest"], text, needed=True)}
    if found := BOUND.fullmatch(text):
        signal_name = _some(found["signal"], text, "the signal's name", "in-flight>20")
        bound, _, rest = found["rest"].partition(" ")
        seconds = _for(rest, text, needed=False)
        side = "above" if found["sign"] == ">" else "below"
        told = {"signal": signal_name, side: _number(bound, text)}
        return {**told, "for": seconds} if seconds else told
    raise _wrong(text, "it has no <, no >, no “no data” and no alarm", FORMS)


def _number(word: str, text: str) -> float:
    if word.startswith("="):
        raise _wrong(text, f"there is no “{text[text.index(word) - 1]}=”", "'signal>20' or 'signal<20'")
    try:
        return float(word)
    except ValueError:
        raise _wrong(text, f"“{word}” is no number", "'signal>20'") from None


def _for(words: str, text: str, *, needed: bool) -> float:
    """Seconds of `for 60s`; 0 where nothing is said and nothing is needed."""
    words = words.strip()
    if not words and not needed:
        return 0.0
    head, _, duration = words.partition(" ")
    if head != "for":
        told = f"“{words}” is not understood" if words else "it does not say for how long"
        raise _wrong(text, told, "'… for 60s'")
    found = DURATION.fullmatch(duration.strip())
    if found is None:
        raise _wrong(text, f"“{duration}” is no duration", "60s, 2m or 1h")
    return float(found[1]) * UNITS[found[2]]


def _some(word: str, text: str, what: str, example: str) -> str:
    if not word:
        raise _wrong(text, f"{what} is missing", f"'{example}'")
    return word


def _wrong(text: str, what: str, right: str) -> Invalid:
    return Invalid(f"--stop-if '{text}': {what}. Write it as {right}.")
