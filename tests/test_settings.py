"""gameday.toml: read whole, or refused with the line of each mistake."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.aws import Aws
from app.errors import Invalid, NotFound, SettingsError
from app.runs.request import Request, Wish
from app.settings import Environment, Settings, load

GOOD = """
default_environment = "staging"
[environments.staging]
region = "eu-central-1"
role_arn = "arn:aws:iam::123456789012:role/chaos"
longest_lease = "30m"
monthly_cap = 5.00
[environments.staging.variables]
S3_BUCKET_NAME = "orders"
[environments.staging.prices]
metrics = 0.012
"""


def test_without_a_file_there_is_one_environment_with_the_processes_own_access(tmp_path):
    settings = load(tmp_path)
    assert list(settings.environments) == ["default"]
    assert settings.environment(None).region is None


def test_an_environment_is_what_the_file_says(tmp_path):
    (tmp_path / "gameday.toml").write_text(GOOD)
    staging = load(tmp_path).environment(None)
    assert staging.longest_lease == timedelta(minutes=30)
    assert staging.variables == {"S3_BUCKET_NAME": "orders"}
    assert (staging.monthly_cap, staging.prices) == (5.0, {"metrics": 0.012})


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[environments.a]\nregoin = 'eu-central-1'\n", 2, "has no “regoin”"),
        ("[environments.a]\nregion = 'moon'\n", 2, "no AWS region"),
        ("[environments.a]\n\nlongest_lease = 'soon'\n", 3, "no duration"),
        ("[environments.a]\nendpoint = 'here'\n", 2, "begins with http"),
        ("[environments.a]\nvariables = 5\n", 2, "names and texts"),
        ("[environments.a.variables]\nM = 'm'\nN = 1\n", 3, "N is a text"),
        ("[environments.a]\nlongest_lease = '99999999999999h'\n", 2, "no duration"),
        ("[environments.a]\nrole_arn = 'admin'\n", 2, "no role"),
        ("[environments.a]\nmonthly_cap = 'five'\n", 2, "no amount in US dollars"),
        ("[environments.a]\nmonthly_cap = -1\n", 2, "no amount in US dollars"),
        ("[environments.a]\nmonthly_cap = true\n", 2, "no amount in US dollars"),
        ("[environments.a]\nmonthly_cap = inf\n", 2, "no amount in US dollars"),
        ("[environments.a]\nprices = 3\n", 2, "Prices are a table"),
        ("[environments.a]\n[environments.a.prices]\nmetrics = 0.01\nmoon = 1\n", 4, "scanned_gigabyte"),
        ("[environments.a.prices]\nmetrics = 'x'\n", 2, "amounts in US dollars"),
        ("[environments.a]\nholidays = 'DE-XX'\n", 2, "like “DE-BE”"),
        ("[environments.a]\nholidays = 'Narnia'\n", 2, "like “DE-BE”"),
        ("[environments.a]\ntime_zone = 'Berlin'\n", 2, "no IANA time zone"),
        ("[environments.a]\nfreeze_calendars = 'x.ics'\n", 2, "a list of files and addresses"),
        ("x = 1\n[environments.a]\n", 1, "no setting “x”"),
        ("default_environment = 'b'\n[environments.a]\n", 1, "no environment “b”"),
        ("", None, "no environment"),
        ("[environments.a]\ntell = ['ops']\n", 2, "no channel “ops”"),
        ("[environments.a]\ntell = 'ops'\n", 2, "list of channels"),
        ("public_url = 'gameday'\n[environments.a]\n", 1, "a scheme and a host"),
        ("public_url = 'https://a.example/x'\n[environments.a]\n", 1, "a scheme and a host"),
        ("[environments.a]\n[channels.ops]\nurl = 'slack'\n", 3, "begins with a scheme"),
        ("[environments.a]\n[channels.ops]\n", 2, "has one of url, url_env, url_file, webhook"),
        (
            "[environments.a]\n[channels.ops]\nurl_env = 'A'\nwebhook = 'https://b'\nsecret_env = 'S'\n",
            2,
            "has one of",
        ),
        ("[environments.a]\n[channels.ops]\nwebhook = 'https://b'\n", 3, "is signed"),
        ("[environments.a]\n[channels.ops]\nwebhook = 'ftp://b'\nsecret_env = 'S'\n", 3, "begins with http"),
        (
            "[environments.a]\n[channels.ops]\nurl_env = 'A'\nkinds = ['armd']\n",
            4,
            "Kinds are a list of: arming",
        ),
        ("[environments.a]\n[channels.ops]\nurl_env = 'A'\nkind = ['armed']\n", 4, "has no “kind”"),
        ("[environments.a]\n[channels]\nops = 'slack://x'\n", 3, "A channel is a table"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path, text, line, says):
    (tmp_path / "gameday.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    problem = caught.value.problems[0]
    assert problem.line == line
    assert says in problem.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[environments\n", "gameday.toml:1 "),
        (b"[environments.a]\nregion = 'eu-central-1", "gameday.toml:2 "),
        (b"[environments.a]\nregion = '\xff'", "UTF-8"),
    ],
)
def test_what_is_no_text_in_toml_is_told_with_its_place(tmp_path, text, says):
    (tmp_path / "gameday.toml").write_bytes(text)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert says in " ".join([str(caught.value), *map(str, caught.value.problems)])


def test_an_endpoint_of_one_s_own_is_not_polled_more_often_than_aws(tmp_path):
    (tmp_path / "gameday.toml").write_text("[environments.a]\nendpoint = 'https://vpce-1.example'\n")
    assert load(tmp_path).environment(None).poll_seconds == 60


CHANNELS = """
public_url = "https://gameday.example/"
[channels.ops]
url = "slack://tokenA/tokenB/tokenC"
kinds = ["armed", "stuck"]
[channels.bot]
webhook = "https://bot.example/hook/secret"
secret_file = "hook.key"
[environments.a]
tell = ["bot"]
"""


def test_channels_are_what_the_file_says_and_show_no_secret(tmp_path):
    (tmp_path / "gameday.toml").write_text(CHANNELS)
    settings = load(tmp_path)
    ops, bot = settings.channels.values()
    assert (ops.shown, ops.kinds, bot.shown) == ("slack://…", ("armed", "stuck"), "https://bot.example/…")
    assert settings.environment(None).tell == ("bot",)
    assert settings.address == "https://gameday.example"
    assert settings.names == ("gameday.example",)
    assert "token" not in repr(settings)
    assert "hook/secret" not in repr(settings)


@pytest.mark.parametrize(
    "text",
    ["url = 'tokenA'", "url = ['tokenA']", "webhook = 'tokenA'", "url = 'slack://tokenA'\nurl_env = 'x'"],
)
def test_a_mistake_in_a_channel_repeats_no_secret(tmp_path, text):
    (tmp_path / "gameday.toml").write_text(f"[environments.a]\n[channels.ops]\n{text}\n")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert "tokenA" not in str(caught.value) + str(caught.value.problems)


NOBODYS = "There is no environment “nope”. There are: staging, prod."


@pytest.fixture
def two(tmp_path):
    places = {name: Environment(name=name) for name in ("staging", "prod")}
    return Settings(folder=tmp_path, environments=places, default_environment="prod")


def test_an_environment_that_there_is_not_is_said_with_those_there_are(two):
    assert two.environment(None).name == "prod"
    with pytest.raises(NotFound, match=NOBODYS):
        two.environment("nope")
    with pytest.raises(NotFound, match=NOBODYS):
        Aws(two.environments).client("nope", "ssm")


def test_a_run_that_asks_for_such_an_environment_is_told_which_field_is_wrong(two):
    with pytest.raises(Invalid, match=NOBODYS) as refused:
        Request.check(two, {}, Wish(environment="nope"))
    assert refused.value.problems[0].path == "environment"
