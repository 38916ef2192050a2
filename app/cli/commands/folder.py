"""The working folder, as commands take it."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
WHERE = click.option("--folder", default=".", type=FOLDER, help="The console's working folder.  [default: .]")
