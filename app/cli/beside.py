"""The sandbox beside a folder: it keeps its own data, which a command on the folder does not see."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import click

from app.cli.sandbox import COPIES
from app.sandbox.lifecycle import LOCK, Plan


def at_work(folder: Path) -> str:
    """The address of the console of a sandbox that runs in the folder, or in the copies it made there; else empty."""
    return next(filter(None, map(_address, (folder, folder / COPIES))), "")


def tell(folder: Path, remedy: str = "add --server {}") -> str:
    """Say on stderr that a sandbox is at work, if one is, and what to do. Its address; empty where none is."""
    if address := at_work(folder):
        click.echo(f"A sandbox is at work here: {remedy.format(address)}", err=True)
    return address


def _address(folder: Path) -> str:
    try:
        with (Plan(folder=folder, port=0, aws_port=0, speed=1).data / LOCK).open() as lock:
            if not _is_held(lock.fileno()):
                return ""
            return str(json.load(lock)["console"])
    except (OSError, ValueError, KeyError):  # none, or one that is just starting
        return ""


def _is_held(lock: int) -> bool:
    """By a sandbox that lives: the kernel lets go of a dead one's."""
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False
