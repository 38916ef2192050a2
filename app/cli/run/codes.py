"""What `gameday run` ends with: one code a verdict."""

from __future__ import annotations

from collections.abc import Mapping

# 1 is "the hypothesis did not hold", as for `chaos run`; 2 is a mistake in what was asked.
CODES: Mapping[str, int] = {
    "held": 0,
    "deviated": 1,
    "not started": 3,
    "inconclusive": 4,
    "stopped": 5,
    "failed": 6,
}
MISTAKE = 2
BROKEN = 70  # EX_SOFTWARE: a mistake of our own, or a file that was wanted and is not there
INTERRUPTED = 130  # Ctrl-C before anything was started
