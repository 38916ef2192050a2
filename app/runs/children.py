"""The fork server that runs are born from, and a handle on each child."""

from __future__ import annotations


class Children: ...


def start_fork_server() -> Children:
    """Before any thread: children see only a minimal environment and never import __main__ again."""
    raise NotImplementedError
