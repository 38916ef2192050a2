"""Where `gameday run` and `gameday validate` differ from `chaos run`, and why. Whatever else differs is a mistake."""

from __future__ import annotations

from collections.abc import Mapping

# What `gameday run` ends with, by what Chaos Toolkit says in its journal.
CODES: Mapping[str, tuple[int, ...]] = {
    "completed": (0,),
    "completed, deviated": (1,),
    "failed, deviated": (1,),
    "failed": (1, 3),  # of a look during the method; of the one before it, so that nothing was started
    "aborted": (6,),
    "interrupted": (5,),
    "no journal": (2, 6),  # refused before it began; broken on its way
}

BROKEN = (
    "An activity failed. Chaos Toolkit goes on, and ends with 0; the verdict is failed, since what was tried is not "
    "what was planned."
)
OUTSIDE = "The steady state was not met before the method, so nothing was tried. Chaos Toolkit ends with 0 all the same."
DRY = "A dry run teaches nothing: its verdict is inconclusive."
DURING = "A look during the method missed. Chaos Toolkit notes it in the journal, and calls it no deviation."
UTF_8 = (
    "Output that is valid UTF-8 is read as UTF-8. Chaos Toolkit guesses, takes these four bytes for UTF-16, and the "
    "probe misses its tolerance."
)
UNGRACEFUL = (
    "`exit_ungracefully` ends the experiment as `exit_gracefully` does: its rollbacks are played, since nothing may "
    "stay armed because somebody was in a hurry."
)
STRATEGY = "There is no such strategy. Chaos Toolkit plays no rollbacks then, silently."
EXTENSION = (
    "Our own extension says something that there is not. Chaos Toolkit does not look into it; faults and stop "
    "conditions that were meant would not be known."
)
INFINITE = (
    "JSON has no infinity, and a journal is JSON. Chaos Toolkit writes one that other programs can not read."
)

# By case; what both made of it stands in docs/reference/compatibility.md.
RUNS: Mapping[str, str] = {
    "background.yaml": BROKEN,
    "dry-actions.yaml": DRY,
    "dry-activities.yaml": DRY,
    "dry-pause.yaml": DRY,
    "dry-probes.yaml": DRY,
    "extensions-of-ours-mistyped.yaml": EXTENSION,
    "format-infinite.json": INFINITE,
    "http-status-misses.yaml": OUTSIDE,
    "http-timeout.yaml": BROKEN,
    "http-unreachable.yaml": BROKEN,
    "hypothesis-misses-before.yaml": OUTSIDE,
    "hypothesis-strategy-during-misses.yaml": DURING,
    "process-short-number.yaml": UTF_8,
    "process-timeout.yaml": BROKEN,
    "python-activity-failed.yaml": BROKEN,
    "python-any-exception.yaml": BROKEN,
    "python-exits-ungracefully.yaml": UNGRACEFUL,
    "python-interrupts.yaml": BROKEN,
    "rollback-strategy-unknown.yaml": STRATEGY,
    "rollbacks-that-fail.yaml": BROKEN,
    "tolerance-jsonpath-not-found.yaml": OUTSIDE,
    "tolerance-jsonpath.yaml": OUTSIDE,
    "tolerance-list.yaml": OUTSIDE,
    "tolerance-probe.yaml": OUTSIDE,
    "tolerance-range-edges.yaml": OUTSIDE,
    "tolerance-range-no-number.yaml": OUTSIDE,
    "tolerance-range-upside-down.yaml": OUTSIDE,
    "tolerance-regex.yaml": OUTSIDE,
}

MACHINE = "It depends on the machine: a program, a module or a variable. Nothing is imported or looked up to validate."
LATER = "It breaks while it runs, on what it then meets."
LIST = (
    "A list is no experiment but data that experiments read, such as CloudWatch queries, and is left alone."
)
ABORTS = "It is let through, and the run aborts on it."
BLANK = "A title of blanks is none."

# `chaos run` ends without a journal, `gameday validate` finds nothing wrong.
LET_THROUGH: Mapping[str, str] = {
    "configuration-environment-missing.yaml": MACHINE,
    "configuration-environment-of-wrong-type.yaml": MACHINE,
    "controls-that-refuse.yaml": MACHINE,
    "format-a-list.json": LIST,
    "process-missing-program.json": MACHINE,
    "python-builtin-without-signature.yaml": MACHINE,
    "python-dies.yaml": LATER,
    "python-exception-surrogate.json": LATER,
    "python-generator.yaml": LATER,
    "python-missing-argument.json": MACHINE,
    "python-missing-function.json": MACHINE,
    "python-missing-module.json": MACHINE,
    "python-module-that-breaks.yaml": MACHINE,
    "python-output-beyond-json.yaml": LATER,
    "python-output-surrogate.yaml": LATER,
    "python-unknown-argument.json": MACHINE,
    "rollbacks-that-break.yaml": LATER,
    "secrets-missing.yaml": MACHINE,
    "tolerance-list-of-other-types.yaml": LATER,
    "tolerance-probe-without-arguments.yaml": LATER,
    "tolerance-range-not-a-number.yaml": LATER,
    "tolerance-range-of-nothing.yaml": LATER,
    "tolerance-regex-on-an-object.yaml": LATER,
}
# `chaos run` writes a journal, `gameday validate` finds something wrong.
REFUSED: Mapping[str, str] = {
    "extensions-of-ours-mistyped.yaml": EXTENSION,
    "format-infinite.json": INFINITE,
    "pauses-negative.yaml": ABORTS,
    "pauses-null.yaml": ABORTS,
    "process-arguments-null.yaml": ABORTS,
    "rollback-strategy-unknown.yaml": STRATEGY,
    "title-blank.json": BLANK,
}
