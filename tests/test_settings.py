"""gameday.toml: read whole, or refused with the line of each mistake."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.errors import SettingsError
from app.settings import load

GOOD = """
default_environment = "staging"
[environments.staging]
region = "eu-central-1"
role_arn = "arn:aws:iam::123456789012:role/chaos"
longest_lease = "30m"
[environments.staging.variables]
S3_BUCKET_NAME = "orders"
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
        ("[environments.a]\nholidays = 'DE-XX'\n", 2, "like “DE-BE”"),
        ("[environments.a]\nholidays = 'Narnia'\n", 2, "like “DE-BE”"),
        ("[environments.a]\ntime_zone = 'Berlin'\n", 2, "no IANA time zone"),
        ("[environments.a]\nfreeze_calendars = 'x.ics'\n", 2, "a list of files and addresses"),
        ("x = 1\n[environments.a]\n", 1, "no setting “x”"),
        ("default_environment = 'b'\n[environments.a]\n", 1, "no environment “b”"),
        ("", None, "no environment"),
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
        (b"[environments\n", "line 1"),
        (b"[environments.a]\nregion = 'eu-central-1", "line 2"),
        (b"[environments.a]\nregion = '\xff'", "UTF-8"),
    ],
)
def test_what_is_no_text_in_toml_is_told_with_its_place(tmp_path, text, says):
    (tmp_path / "gameday.toml").write_bytes(text)
    with pytest.raises(SettingsError, match=says):
        load(tmp_path)


def test_an_endpoint_of_one_s_own_is_not_polled_more_often_than_aws(tmp_path):
    (tmp_path / "gameday.toml").write_text("[environments.a]\nendpoint = 'https://vpce-1.example'\n")
    assert load(tmp_path).environment(None).poll_seconds == 60
