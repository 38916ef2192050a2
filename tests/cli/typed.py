"""`gameday` as it is typed, in this process: what a start of Python costs, a test of words need not pay each time."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from subprocess import CompletedProcess

from app.cli import main


def typed(folder: Path, *words: str) -> CompletedProcess[str]:
    """Exit code, stdout and stderr of one command in that folder."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["gameday", *words]
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        sys.argv = before
    return CompletedProcess(list(words), code, out.getvalue(), err.getvalue())
