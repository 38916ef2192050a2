"""Where rows live: one engine, one page of tables, two kinds of transaction.

Only the edge commits (a request, a loop's step, a command); rooms take a `Session` or open a
`Storage.writing()` block of their own where an intent must be durable before a deed.
"""

from app.storage.engine import Storage

__all__ = ["Storage"]
