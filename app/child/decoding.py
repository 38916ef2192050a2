"""Output of a process probe read as what it is.

chaoslib guesses the encoding of a process's output, and takes `1.5` and a newline, four bytes, for two
Chinese characters in UTF-16: a probe that is well within its tolerance then misses it. What is valid UTF-8
is UTF-8 here; only what is not is guessed.
"""

from __future__ import annotations

from typing import Any

import chaoslib
from chaoslib import detect


def install() -> None:
    chaoslib.detect = utf8_first


def utf8_first(data: bytes) -> Any:
    """As charset_normalizer's `detect`: `encoding` and `confidence`, 0 to 1."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return detect(data)
    return {"encoding": "utf-8", "language": "", "confidence": 1.0}
