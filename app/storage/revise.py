"""`python -m app.storage.revise "what changed"`: write the migration from the tables as they stand."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from app.storage.engine import Storage, sqlite_url


def revise(message: str) -> None:
    """Compare a database at the newest migration with tables.py, and write the difference."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(sqlite_url(Path(folder, "empty.sqlite")))
        with storage.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            command.revision(config, message=message, autogenerate=True)
        storage.close()


if __name__ == "__main__":
    revise(sys.argv[1])
