"""What travels with the program and is no Python: templates, static files, the example experiments and workload.

In a checkout they stand at its top; in an installed package inside it, since a wheel must not fill site-packages
with folders called `static`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

INSTALLED = Path(__file__).parent / "shipped_files"
EDITABLE_BY_USERS = ("experiments", "workload")


def checkout() -> Path | None:
    """The checkout that this program runs from; None where it is installed."""
    return None if INSTALLED.is_dir() else Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """The folder of that name: templates, static, experiments or workload."""
    return (checkout() or INSTALLED) / name


def furnish(folder: Path) -> list[str]:
    """Copy the example experiments and workload there, to be edited; the names of those copied.

    A folder that exists is the user's, and stays as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in EDITABLE_BY_USERS if not (folder / name).exists()]
    for name in missing:
        shutil.copytree(shipped(name), folder / name)
    return missing
