"""Panels built and rendered once for everybody who looks at the same page."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi.encoders import jsonable_encoder

from app.web.panels import Page, Panel

MOST = 64  # pages kept


@dataclass
class Board:
    """The panels of a page at one moment, each rendered at most once."""

    panels: list[Panel]
    built_at: float
    render: Callable[[Panel], str]
    _rendered: dict[str, str] = field(default_factory=dict)

    def text(self, panel: Panel) -> str:
        if panel.name not in self._rendered:
            view = panel.view
            self._rendered[panel.name] = (
                self.render(panel) if panel.template else json.dumps(jsonable_encoder(view))
            )
        return self._rendered[panel.name]


class Boards:
    """Threads share it: fifty viewers of a page cost one building of it."""

    def __init__(
        self,
        build: Callable[[Page], list[Panel]],
        render: Callable[[Panel], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._build = build
        self._render = render
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[Page, Board] = OrderedDict()
        self._building: dict[Page, threading.Lock] = {}

    def board(self, page: Page, *, not_before: float) -> Board:
        """One that was begun at or after `not_before`, in monotonic seconds."""
        with self._lock:
            building = self._building.setdefault(page, threading.Lock())
        with building:
            kept = self._kept.get(page)
            if kept is not None and kept.built_at >= not_before:
                return kept
            began = self._monotonic()
            board = Board(panels=self._build(page), built_at=began, render=self._render)
            self._keep(page, board)
            return board

    def _keep(self, page: Page, board: Board) -> None:
        with self._lock:
            self._kept[page] = board
            self._kept.move_to_end(page)
            while len(self._kept) > MOST:
                old, _ = self._kept.popitem(last=False)
                self._building.pop(old, None)
