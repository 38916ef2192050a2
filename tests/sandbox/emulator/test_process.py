"""Against really started processes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from app.errors import Conflict, Unavailable
from app.sandbox.emulator.process import find, start, stop
from tests.ports import free_port
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.sandbox

STARTER = """
import sys
from pathlib import Path
from app.sandbox.emulator.process import start
folder = Path(sys.argv[1])
print(start(port=int(sys.argv[2]), speed=5, data=folder, log_file=folder / "log").pid, flush=True)
input()
"""


@pytest.fixture
def port():
    return free_port()


def get(emulator, path="/", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=PATIENCE)
    try:
        connection.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_is_found_with_its_speed(emulator):
    found = find(emulator.port)
    assert found == emulator
    assert found.speed == 10
    assert "ministack" in found.version


def test_it_has_a_session_of_its_own(emulator):
    assert os.getsid(emulator.pid) == emulator.pid


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:8000"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/_gameday/health", "/_ministack/health"])
def test_it_refuses_web_pages(emulator, headers, path):
    status, body = get(emulator, path, **headers)
    assert status == 403
    assert json.loads(body)["message"].startswith("The emulator ")


def test_it_refuses_a_preflight(emulator):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=PATIENCE)
    connection.request("OPTIONS", "/", headers={"Origin": "http://evil.example"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 403
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_it_listens_on_loopback_only(emulator):
    with socket.socket() as probe:
        probe.settimeout(1)
        try:
            address = socket.gethostbyname(socket.gethostname())
        except OSError:
            pytest.skip("this machine's name has no address")
        if address.startswith("127."):
            pytest.skip("this machine has no other address")
        assert probe.connect_ex((address, emulator.port)) != 0


def test_a_second_start_names_the_first(emulator, tmp_path):
    with pytest.raises(Conflict, match=rf"pid {emulator.pid}, speed 10"):
        start(port=emulator.port, speed=1, data=tmp_path, log_file=tmp_path / "log")


def test_a_port_in_use_names_who_has_it(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=rf"Port {port} is in use by .+--aws-port"):
            start(port=port, speed=1, data=tmp_path, log_file=tmp_path / "log")


def test_nothing_is_found_where_nothing_listens(port):
    assert find(port) is None


def test_it_gives_up_in_time_and_leaves_nothing(tmp_path, port):
    with pytest.raises(Unavailable, match="did not answer"):
        start(port=port, speed=1, data=tmp_path, log_file=tmp_path / "log", ready_within=0.0)
    assert find(port) is None


def test_one_that_ends_at_once_is_quoted(tmp_path, port):
    (tmp_path / "tmp").write_text("in the way of its folder")
    with pytest.raises(Unavailable, match=r"ended while starting\..*log"):
        start(port=port, speed=1, data=tmp_path, log_file=tmp_path / "log")


def test_it_survives_its_starter_and_is_stopped_by_the_next(tmp_path, port):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with starter:
        pid = int(starter.stdout.readline())
        os.killpg(starter.pid, signal.SIGKILL)
        starter.wait()
    found = find(port)
    assert found is not None
    assert (found.pid, found.speed) == (pid, 5)
    stop(found)
    stop(found)
    until(lambda: find(port) is None)
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


def test_one_that_does_not_answer_any_more_is_stopped_too(tmp_path, port):
    started = start(port=port, speed=1, data=tmp_path, log_file=tmp_path / "log")
    found = find(port)
    os.kill(started.pid, signal.SIGSTOP)
    stop(found, patience=0.2)
    assert started.process.wait(timeout=PATIENCE) == -signal.SIGKILL
