"""Starting, being in the way of each other, and ending: a sentence and an exit code, never a traceback."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.cli.codes import INTERRUPTED, REFUSED
from app.cli.sandbox import run_with, working_folder
from app.errors import Conflict, Invalid, SettingsError
from app.sandbox import variants
from app.sandbox.clients import Clients, isolate
from app.sandbox.control import Control
from app.sandbox.emulator import process
from app.sandbox.lifecycle import AlreadyRunning, Plan, Sandbox, only_one, port_is_free
from app.sandbox.traffic import Traffic
from tests.ports import free_port
from tests.waiting import PATIENCE, until


@pytest.fixture
def small(tmp_path, free):
    return Plan(folder=tmp_path, port=free(), aws_port=free(), speed=10)


@pytest.fixture
def free():
    return free_port


@pytest.fixture
def signals():
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


def test_a_second_sandbox_in_the_folder_says_where_the_first_is(small):
    where = f"http://127.0.0.1:{small.port}"
    with only_one(small), pytest.raises(AlreadyRunning, match=where), only_one(small):
        pass
    with only_one(small):
        pass


def test_the_command_has_an_exit_code_of_its_own_for_that(small, capsys, signals):
    with only_one(small):
        assert run_with(lambda *_: None, plan=small, reset=False) == REFUSED
    assert "already running" in capsys.readouterr().err


def test_a_port_in_use_is_named_before_anything_starts(small):
    with socket.socket() as other:
        other.bind(("127.0.0.1", small.port))
        other.listen()
        with (
            Sandbox(small, say=print) as sandbox,
            pytest.raises(SettingsError, match=f"Port {small.port} is in use"),
        ):
            sandbox.start()
    port_is_free(small.port)


def test_ctrl_c_while_starting_ends_with_130(small, monkeypatch, signals, capsys):
    monkeypatch.setattr(
        "app.sandbox.lifecycle.deployment_package", lambda *_: signal.raise_signal(signal.SIGINT)
    )
    assert run_with(lambda *_: None, plan=small, reset=False) == INTERRUPTED
    assert "Everything is stopped" in capsys.readouterr().out


def test_the_variants_have_names_and_a_wrong_one_lists_them():
    assert variants.parse("waits") is variants.Variant.WAITS
    with pytest.raises(Invalid, match="returns-early, waits, resilient"):
        variants.parse("hopes")


def test_nothing_of_a_persons_own_aws_is_left():
    environ = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "NO_PROXY": "intranet",
        "HOME": "/home/x",
    }
    isolate(environ)
    assert "AWS_PROFILE" not in environ
    assert "AWS_SESSION_TOKEN" not in environ
    assert environ["AWS_ACCESS_KEY_ID"] == "test"
    assert environ["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert environ["HOME"] == "/home/x"


def test_the_working_folder_is_here_if_there_are_experiments(tmp_path):
    assert (working_folder(here=tmp_path) / "workload" / "template.yaml").is_file()
    (tmp_path / "experiments").mkdir()
    assert working_folder(here=tmp_path) == tmp_path


def test_a_folder_that_is_named_gets_the_examples_unless_it_has_experiments(tmp_path, capsys):
    (tmp_path / "experiments").mkdir()  # where one stands is not what was named
    named = tmp_path / "lab"
    assert working_folder(named, here=tmp_path) == named
    assert (named / "experiments" / "serverless-etl" / "exp_2-strict.json").is_file()
    assert str(named) in capsys.readouterr().out
    assert working_folder(tmp_path) == tmp_path
    assert list((tmp_path / "experiments").iterdir()) == []


def reaped(pid):
    """Init's part, where the parent is gone: without it a process that ended would look alive."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


@pytest.mark.sandbox
def test_an_emulator_that_was_left_behind_is_found_again(small, package, free):
    def lines(plan, **words):
        said = []
        with Sandbox(plan, say=said.append) as sandbox:
            sandbox.start(**words)
            pid = sandbox.emulator.pid
            if leave:
                sandbox.traffic.stop()
                sandbox.emulator = None  # as if we were killed here
                threading.Thread(target=reaped, args=(pid,), daemon=True).start()
        return "\n".join(said), pid

    (small.data / "packages").mkdir(parents=True)
    (small.data / "packages" / package.name).write_bytes(package.read_bytes())
    leave = True
    first, pid = lines(small)
    assert "deployed by CloudFormation" in first
    again, found = lines(small)
    assert "found again" in again
    assert "unchanged" in again
    assert found == pid
    elsewhere = Plan(folder=small.folder, port=small.port, aws_port=free(), speed=10)
    leave = False
    lines(elsewhere)
    assert process.find(small.aws_port) is None, "it was on another port, and ended"
    leave = True
    _, pid = lines(small)
    leave = False
    fresh, other = lines(elsewhere, reset=True)
    assert process.find(small.aws_port) is None, "reset forgets where it was, so it ends it first"
    assert "forgotten" in fresh
    assert "deployed by CloudFormation" in fresh
    assert other != pid
    assert process.find(small.aws_port) is None


@pytest.mark.sandbox
def test_an_emulator_of_another_folder_is_left_alone(sandbox, plan, small):
    other = Plan(folder=small.folder, port=small.port, aws_port=plan.aws_port, speed=10)
    packages = other.data / "packages"
    packages.mkdir(parents=True)
    for file in (plan.data / "packages").iterdir():
        (packages / file.name).write_bytes(file.read_bytes())
    with Sandbox(other, say=print) as second, pytest.raises(Conflict, match="belongs to another sandbox"):
        second.start()
    assert process.find(plan.aws_port).pid == sandbox.emulator.pid


@pytest.mark.sandbox
def test_the_state_tells_of_each_stage(control):
    control.set_rate(20)
    state = until(lambda: (s := control.state()).table_items > 0 and s.csv_out > 0 and s)
    assert state.ready
    assert state.speed == 10
    assert state.window_seconds == 30
    assert state.variant in state.variants
    assert json.dumps(state.variants)


@pytest.mark.sandbox
def test_the_traffic_can_be_paused_and_goes_on(control):
    control.set_rate(0)
    until(lambda: control.state().json.visible == 0)
    before = control.state().objects_in
    control.set_rate(20)
    until(lambda: control.state().objects_in > before)


def test_a_state_without_an_emulator_says_what_is_wrong(free):
    clients = Clients(f"http://127.0.0.1:{free()}")
    state = Control(clients=clients, traffic=Traffic(clients, rate=2), speed=1).state()
    assert not state.ready
    assert "does not answer" in state.problem
    assert state.rate == 2


def test_it_says_in_which_folder_it_works(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        words = ["sandbox", "--no-browser", "--folder", tmp_path, "--port", str(other.getsockname()[1])]
        gameday = Path(sys.executable).parent / "gameday"
        done = subprocess.run(
            [gameday, *words], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    assert (
        f"Working folder: {tmp_path}. What the sandbox keeps is in {tmp_path}/.gameday/sandbox."
        in done.stdout
    )
