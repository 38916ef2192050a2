"""gameday iam."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.commands.folder import WHERE


@click.command()
@click.option("--environment", help="Whose resources.  [default: the default one]")
@click.option(
    "--role", default="run", show_default=True, type=click.Choice(["run", "guardian", "read"]),
    help="run: the console. guardian: may put stores back, and arm nothing. read: may look.",
)  # fmt: skip
@click.option("--principal", metavar="ARN", help="Who is to be allowed this.  [default: who you are there]")
@WHERE
def iam(environment: str | None, role: str, principal: str | None, folder: Path) -> int:
    """Print a least-privilege policy, with exact ARNs of what the environment has.

    It asks AWS for functions, parameters, keys and AppConfig, with the credentials that the console would use.

        gameday iam --role run > policy.json

        aws iam create-policy --policy-name gameday-run --policy-document file://policy.json
    """
    from app.aws.policies import Part
    from app.cli.iam import iam as printed

    return printed(folder.resolve(), environment=environment, part=Part(role), for_principal=principal)
