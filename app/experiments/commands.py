"""`aws` command lines as Chaos Toolkit's process provider runs them, read and not executed. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from app import regular

# Both in time that grows with the text, whatever it is: one that opens and never closes is taken whole, and a number ends.
BACKTICKS = re.compile(r"`([^`]*)`|\$\(([^)]*)(\)|\Z)")
AGO = re.compile(
    r"(\d{1,9})\s{0,9}(sec|second|min|minute|hour|day)s?\s{1,9}ago|-(\d{1,9})\s{0,9}(sec|second|min|minute|hour|day)s?"
)
SECONDS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400}
FLAGS = {"--overwrite", "--no-overwrite", "--debug", "--no-verify-ssl", "--no-paginate", "--no-sign-request",
         "--enabled", "--no-enabled", "--no-cli-pager", "--no-cli-auto-prompt"}  # fmt: skip
SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
CLI = "failure-lambda"
QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*\"""")
REDIRECTED = re.compile(r"[<>]&\d?|&>")  # the one `&` that ends no command
PLACE = ("region", "profile", "endpoint-url")  # options that lead to another account or region
JOINING = ";&|\n"  # what a shell ends one command with and begins another
LARGEST_FILE = 256 * 1024
LONGEST_LINE = 32 * 1024  # characters: the time that shlex takes grows with their square
LONGEST_AGO = 455 * 86400  # seconds; CloudWatch keeps 15 months


@dataclass(frozen=True, kw_only=True)
class AwsCommand:
    service: str
    operation: str
    options: Mapping[str, str]  # without dashes; backticks stand as they were written


def aws_command(provider: Mapping[str, Any]) -> AwsCommand | None:
    """The `aws` command of a process provider; None where it is something else, or can not be read."""
    words = _line(provider)
    if not words or words[0] != "aws":
        return None
    positional, options = _sorted_out(words[1:])
    if len(positional) < 2:  # noqa: PLR2004  a service and an operation
        return None
    return AwsCommand(service=positional[0], operation=positional[1], options=options)


def named_place(provider: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Region, profile and address as the command itself names them, where it does."""
    words = _line(provider)
    _, options = _sorted_out(words[1:], flags={"--all", "--json"}) if words else ([], {})
    return tuple((name, options[name]) for name in PLACE if name in options and "${" not in options[name])


def hides_more(provider: Mapping[str, Any]) -> bool:
    """Whether a shell is handed another command besides the one that is read here; `date` for a time is none."""
    arguments = provider.get("arguments")
    lines = [arguments] if provider.get("type") == "process" and isinstance(arguments, str) else []
    return any(map(_holds_more, [*lines, *_shells_own(provider)]))


def _shells_own(provider: Mapping[str, Any]) -> list[str]:
    """What `sh -c` is given."""
    words = (
        _words(provider.get("arguments")) if PurePosixPath(str(provider.get("path"))).name in SHELLS else None
    )
    return words[1:2] if words and words[0] == "-c" else []


def _holds_more(line: str) -> bool:
    said = QUOTED.sub(lambda found: "''" if found[0][0] == "'" else found[0], line)
    substituted = [match[1] or match[2] or "" for match in BACKTICKS.finditer(said)]
    alone = REDIRECTED.sub(" ", BACKTICKS.sub("x", said).replace("\\\n", " ")).strip()
    return any(map(_does_more, substituted)) or _joined(alone)


def _does_more(substituted: str) -> bool:
    return substituted.split()[:1] != ["date"] or _joined(substituted)


def _joined(line: str) -> bool:
    """By `;`, `&&`, `|` or a new line, where none of them is quoted."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=JOINING)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        return any(not set(word) - set(JOINING) for word in lexer if word)
    except ValueError:  # a quote that is never closed: no shell runs it
        return False


def failure_lambda_command(provider: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The parameter that `failure-lambda enable MODE` or `disable` writes, and the fields that it changes there.

    None for anything else; of AppConfig, too, where the command takes several steps.
    """
    words = _line(provider)
    if words and words[0] == "npx":
        words = [word for word in words[1:] if word not in ("--yes", "-y")]
    if not words or words[0] != CLI:
        return None
    positional, options = _sorted_out(words[1:], flags={"--all", "--json"})
    name, wanted = options.get("param"), positional[0] if positional else ""
    if not name or "${" in name or wanted not in ("enable", "disable"):
        return None
    modes = FLAG_MODES if "all" in options else tuple(positional[1:2])
    return (name, {mode: {"enabled": wanted == "enable"} for mode in modes}) if modes else None


FLAG_MODES = ("latency", "timeout", "diskspace", "denylist", "statuscode", "exception", "corruption")


def _line(provider: Mapping[str, Any]) -> list[str] | None:
    """The words of a process, its program's bare name first; of a shell's, those of the one command it is given."""
    if provider.get("type") != "process":
        return None
    words = _words(provider.get("arguments"))
    if words is None:
        return None
    program = PurePosixPath(str(provider.get("path"))).name
    if (
        program in SHELLS
        and len(words) > 1
        and words[0] == "-c"
        and not re.search(r"[;&|<>\n]", words[1].strip())
    ):
        inner = _words(words[1])
        return [PurePosixPath(inner[0]).name, *inner[1:]] if inner else None
    return [program, *words]


def _sorted_out(words: list[str], flags: Collection[str] = ()) -> tuple[list[str], dict[str, str]]:
    positional: list[str] = []
    options: dict[str, str] = {}
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("--"):
            positional.append(word)
        elif "=" in word:
            name, _, value = word[2:].partition("=")
            options[name] = value
        else:
            options[word[2:]] = "" if word in FLAGS or word in flags else next(waiting, "")
    return positional, options


def _words(arguments: Any) -> list[str] | None:
    """A string is a shell's; backticks are kept as one word each."""
    if isinstance(arguments, Mapping):  # as Chaos Toolkit lines them up
        return [str(word) for pair in arguments.items() for word in pair if word not in (None, "")]
    if isinstance(arguments, list):
        return [str(word) for word in arguments]
    if arguments is None:
        return []
    # No process can be given a NUL.
    if not isinstance(arguments, str) or "\x00" in arguments or len(arguments) > LONGEST_LINE:
        return None
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        if match[3] == "":  # never closed
            return match[0]
        kept.append(match[1] or match[2] or "")
        return f"\x00{len(kept) - 1}\x00"

    try:
        words = shlex.split(BACKTICKS.sub(keep, arguments))
    except ValueError:
        return None
    return [re.sub("\x00(\\d+)\x00", lambda m: f"`{kept[int(m[1])]}`", word) for word in words]


def seconds_ago(time: str) -> int | None:
    """`` `date --date '5 min ago' …` `` → 300; `` `date …` `` → 0; None for anything else."""
    if not (time.startswith("`") and "date" in time):
        return None
    if match := AGO.search(time):
        count, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        return _within_reach(int(count) * SECONDS[unit])
    return 0


def _within_reach(seconds: int) -> int | None:
    return seconds if seconds <= LONGEST_AGO else None


def file_or_text(value: str, folder: Path | None) -> str | None:
    """The text of `file://…` beside the experiment, or the value itself.

    None where it can not be read, or where no folder is known.
    """
    scheme = next((one for one in ("file://", "fileb://") if value.startswith(one)), None)
    if scheme is None:
        return value
    if folder is None:
        return None
    try:
        path = (folder / value.removeprefix(scheme)).resolve()
        inside = path.is_relative_to(folder.resolve())
        return regular.read_text(path, most=LARGEST_FILE) if inside else None
    except (OSError, ValueError, RuntimeError):  # no text, a NUL in the name, links in a circle
        return None


def shell_lines(document: Any) -> tuple[str, ...]:
    """Names of the activities whose arguments are one text, which Chaos Toolkit hands to a shell, `sh -c`."""
    if isinstance(document, list):
        return tuple(name for one in document for name in shell_lines(one))
    if not isinstance(document, Mapping):
        return ()
    provider = document.get("provider")
    a_shell = (
        isinstance(provider, Mapping)
        and provider.get("type") == "process"
        and isinstance(provider.get("arguments"), str)
    )
    own = (str(document.get("name")),) if a_shell else ()
    return own + tuple(name for one in document.values() for name in shell_lines(one))
