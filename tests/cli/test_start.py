"""Help is quick: it loads nothing that a command needs for its work. Figures: `python -m bench commands`."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "sqlalchemy",
    "alembic",
    "boto3",
    "botocore",
    "fastapi",
    "uvicorn",
    "jinja2",
    "rich",
    "httpx",
    "yaml",
    "chaoslib",
)
LOOKS = f"""
import sys
from app.cli import gameday
for words in (["--help"], ["run", "--help"]):
    gameday.main(words, standalone_mode=False)
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""


def test_help_loads_no_room() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, check=True)
    assert "Exit codes: 0 held" in done.stdout
    assert done.stderr.strip() == "[]"
