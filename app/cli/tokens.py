"""`gameday token`: who may come in. It works on the console's own database, so only this machine's user can."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from app.access import Issued, Kind, Role
from app.cli.rooms import TOKEN, access_of
from app.settings import person

LINK = timedelta(days=1)


def create(folder: Path, *, name: str, role: str, days: int) -> int:
    """The secret alone on stdout, so that a script can keep it; the rest on stderr."""
    made = _issue(folder, Kind.TOKEN, name, role, timedelta(days=days))
    told = made.credential
    click.echo(
        f"Token {told.id} for {told.name}, {told.role}, until {told.expires_at:%Y-%m-%d}. It is shown only now. "
        f"Send it as `Authorization: Bearer …`, or set {TOKEN} for this command.",
        err=True,
    )
    click.echo(made.secret)
    return 0


def link(folder: Path, *, name: str, role: str, url: str) -> int:
    made = _issue(folder, Kind.LINK, name, role, LINK)
    until = f"{made.credential.expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"For {made.credential.name}, {made.credential.role}, once, until {until}:", err=True)
    click.echo(f"{url.rstrip('/')}/login?code={made.secret}")
    return 0


def listed(folder: Path) -> int:
    with access_of(folder) as access:
        known = access.all()
    for one in known:
        until = f"{one.expires_at:%Y-%m-%d %H:%M}"
        click.echo(
            f"{one.id:>5}  {one.kind:<8} {one.role:<7} until {until} UTC  {one.prefix}…  {one.name}"
            f"  (by {one.created_by})"
        )
    if not known:
        click.echo(
            "Nobody can sign in. A console that listens beyond this machine prints a first link at its start."
        )
    return 0


def revoke(folder: Path, number: int) -> int:
    with access_of(folder) as access:
        access.revoke(number)
    click.echo(f"{number} is revoked, with every session that came of it.")
    return 0


def _issue(folder: Path, kind: Kind, name: str, role: str, lifetime: timedelta) -> Issued:
    with access_of(folder) as access:
        return access.issue(kind, name=name, role=Role(role), lifetime=lifetime, by=person())
