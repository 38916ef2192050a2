"""What a child inherits: as little as `chaos run` needs, and nothing of the server's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# A server with a secret in its environment and a marker in its main module, and one child.
SERVER = """
import os, sys
marker = "main was imported again"
print("main")
if __name__ == "__main__":
    from app.runs.children import start_fork_server
    from app.child.spec import Spec
    children = start_fork_server()
    assert os.environ["BANK_PIN"] == "hunter2"
    assert "chaoslib" not in sys.modules
    child = children.spawn(Spec(folder=sys.argv[1], file="e.json", journal=sys.argv[2], console=sys.argv[3]))
    while True:
        try:
            message = child.receive()
        except EOFError:
            break
        if "ask" in message:
            child.answer(message["ask"], answer="go")
    child.join(60)
"""


def born(tmp_path: Path, code: str) -> tuple[Any, str]:
    """What `code`, run by a child's python activity, prints as JSON; and what the server printed."""
    folder = tmp_path / "snapshot"
    folder.mkdir()
    provider = {"type": "python", "module": "builtins", "func": "exec", "arguments": {}}
    look = {"type": "process", "path": sys.executable, "arguments": ["-c", code]}
    del provider
    method = [{"type": "probe", "name": "look", "provider": look}]
    (folder / "e.json").write_text(json.dumps({"title": "T", "description": "d", "method": method}))
    server = tmp_path / "server.py"
    server.write_text(SERVER)
    journal, console = tmp_path / "journal.json", tmp_path / "console.log"
    printed = subprocess.run(
        [sys.executable, str(server), str(folder), str(journal), str(console)],
        env={"PATH": "/usr/bin:/bin", "BANK_PIN": "hunter2", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    output = json.loads(journal.read_text())["run"][0]["output"]
    return json.loads(output["stdout"] or "null"), printed.stdout + output["stderr"]


def test_neither_it_nor_its_parent_shows_a_secret_of_the_server(tmp_path: Path) -> None:
    code = (
        "import json, os; from pathlib import Path\n"
        "read = lambda pid: Path(f'/proc/{pid}/environ').read_bytes().decode()\n"
        "child = os.getppid(); server = Path(f'/proc/{child}/stat').read_text().rpartition(')')[2].split()[1]\n"
        "print(json.dumps([dict(os.environ), read(child), read(server)]))"
    )
    seen, _ = born(tmp_path, code)
    assert "hunter2" not in json.dumps(seen)
    assert seen[0]["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_the_main_module_is_not_imported_again(tmp_path: Path) -> None:
    _, printed = born(tmp_path, "print(1)")
    assert printed.splitlines() == ["main"]


def test_it_works_in_the_snapshot_which_is_not_on_its_path(
    begin: Any, experiment: Any, activity: Any
) -> None:
    told = begin(experiment(activity("look", "modules", "probe")))
    seen = told.finish()["run"][0]["output"]
    assert seen["cwd"] == str(told.folder / "snapshot")
    assert seen["main"] is None
    assert not {"", seen["cwd"], str(Path.cwd())} & set(seen["path"])


def test_the_command_line_of_aws_is_found(begin: Any, experiment: Any) -> None:
    look = {"type": "process", "path": "aws", "arguments": ["--version"]}
    told = begin(experiment({"type": "probe", "name": "look", "provider": look}))
    assert told.finish()["run"][0]["output"]["stdout"].startswith("aws-cli/")


def test_a_child_is_small(begin: Any, experiment: Any, activity: Any) -> None:
    told = begin(experiment(activity("now", "dawdle")))
    told.wait_for("before-activity")
    rollup = Path(f"/proc/{told.child.pid}/smaps_rollup").read_text()
    proportional = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    told.child.stop()
    told.finish()
    assert proportional < 40_000  # kB; imported anew it would be above 60 MB
