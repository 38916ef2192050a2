import pytest

from app.sandbox.emulator.guard import is_ours, refusal


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:4566", True),
        ("127.9.9.9", True),
        ("localhost:4566", True),
        ("LOCALHOST.", True),
        ("[::1]:4566", True),
        ("lab.localhost:4566", True),
        ("dynamodb.us-east-2.amazonaws.com:4566", True),
        ("lab.s3.us-east-2.amazonaws.com", True),
        ("abc.lambda-url.us-east-2.on.aws", True),
        ("", False),
        ("evil.example", False),
        ("evil.example:4566", False),
        ("amazonaws.com.evil.example", False),
        ("evilamazonaws.com", False),
        ("192.168.0.7:4566", False),
        ("0.0.0.0:4566", False),
        ("[::2]", False),
    ],
)
def test_it_answers_to_loopback_and_to_names_of_aws(host, ours):
    assert is_ours(host) is ours


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"host": "localhost"}, None),
        ({"host": "localhost", "sec-fetch-site": "none"}, None),
        ({"host": "localhost", "origin": "http://localhost:8000"}, "Origin"),
        ({"host": "localhost", "origin": ""}, "Origin"),
        ({"host": "localhost", "sec-fetch-site": "cross-site"}, "browser"),
        ({"host": "localhost", "sec-fetch-site": "same-site"}, "browser"),
        ({"host": "evil.example"}, "loopback"),
        ({}, "loopback"),
    ],
)
def test_it_says_why_it_refuses(headers, reason):
    found = refusal(headers)
    assert found is None if reason is None else reason in found
