"""Text that others wrote, as what can be seen of it: it neither begins a line of its own nor moves a terminal. Pure."""

from __future__ import annotations

import unicodedata
from typing import Any

UNSEEN = frozenset(
    {"Cc", "Cf", "Cs", "Zl", "Zp"}
)  # control, direction and joining signs, halves of signs, ends of lines


def visible(text: str) -> str:
    """A space for each sign that is not seen, an end of a line among them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if unicodedata.category(sign) in UNSEEN else sign for sign in text)


def visible_everywhere(value: Any) -> Any:
    """The same inside lists and objects."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {name: visible_everywhere(one) for name, one in value.items()}
    return [visible_everywhere(one) for one in value] if isinstance(value, list | tuple) else value
