"""Real receivers: a webhook that checks the signature, and a mail server; both killed and brought back."""

from __future__ import annotations

import base64
import logging
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.clock import FrozenClock, SystemClock
from app.notifications import DeliveryState, Kind
from app.notifications.delivery import FIRST_WAIT
from tests.notifications.conftest import SECRET, Office
from tests.receivers import MailReceiver, WebReceiver

# apprise still asks a module that Python 3.13 has not.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
FAULT = {
    "what": "half of the invocations of ChaosTransformer are refused dynamodb.*", "functions": ["ChaosTransformer"],
    "share": "50 %", "by": "maria", "run": "12", "store": "ssm:failureLambdaConfig",
}  # fmt: skip


def verified(got: Any) -> Any:
    return Webhook(SECRET).verify(got.body, got.headers)


def test_a_webhook_is_signed_as_standard_webhooks_are(office: Office, web: WebReceiver):
    office.clock = SystemClock()
    office.hook("bot", web)
    office.tell(Kind.ARMED, data={**FAULT, "until": (office.clock.now() + timedelta(minutes=10)).isoformat()})
    office.carry()
    (got,) = web.got
    told = verified(got)
    assert told["type"] == "gameday.armed"
    assert told["data"]["account"] == "123456789012"
    assert told["data"]["region"] == "eu-central-1"
    assert told["data"]["link"] == "https://gameday.example/runs/12"
    assert told["data"]["stop"].startswith("https://gameday.example/stop?token=")
    assert told["data"]["details"]["functions"] == ["ChaosTransformer"]
    assert got.headers["webhook-id"] == office.deliveries[0].key
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(b"another").decode()).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"50", b"60"), got.headers)


def test_a_webhook_receiver_that_dies_gets_everything_once_it_is_back(office: Office, web: WebReceiver):
    office.hook("bot", web)
    web.kill()
    for _ in range(3):
        office.tell(data=FAULT)
    office.carry()
    assert {one.state for one in office.deliveries} == {DeliveryState.PENDING}
    assert all("did not answer" in (one.last_error or "") for one in office.deliveries)
    web.start()
    advance(office, FIRST_WAIT)
    office.carry()
    assert [one.headers["webhook-id"] for one in web.got] == [one.key for one in office.deliveries]
    assert {one.state for one in office.deliveries} == {DeliveryState.SENT}


def test_a_receiver_that_fails_is_asked_again_with_the_same_id(office: Office, web: WebReceiver):
    office.hook("bot", web)
    web.status = 500
    office.tell(data=FAULT)
    office.carry()
    assert "500" in (office.deliveries[0].last_error or "")
    web.status = 204
    advance(office, FIRST_WAIT)
    office.carry()
    assert len({one.headers["webhook-id"] for one in web.got}) == 1
    assert len(web.got) == 2


@pytest.mark.parametrize("how", ["webhook", "apprise"])
def test_nobody_sends_our_messages_elsewhere(office: Office, web: WebReceiver, how: str):
    elsewhere = WebReceiver().start()
    web.status, web.location = 307, elsewhere.url
    if how == "webhook":
        office.hook("bot", web)
    else:
        office.channel("bot", url=f"json://127.0.0.1:{web.port}/hook")
    office.tell(data=FAULT)
    office.carry()
    elsewhere.kill()
    assert len(web.got) == 1
    assert elsewhere.got == []
    assert office.deliveries[0].state is DeliveryState.PENDING


def test_apprise_delivers_to_a_service_of_its_own(office: Office, web: WebReceiver):
    office.channel("ops", url=f"json://127.0.0.1:{web.port}/hook")
    office.tell(data={**FAULT, "what": "a <b>bold</b> & *hostile* fault"})
    office.carry()
    told = web.got[0].json
    assert told["title"] == "prod: fault armed until : a <b>bold</b> & *hostile* fault"
    assert "Functions: ChaosTransformer" in told["message"]


def test_mail_arrives_and_a_hostile_title_adds_no_header(office: Office, mail: MailReceiver):
    office.channel(
        "mail",
        url=f"mailto://127.0.0.1:{mail.port}?from=gameday@example.com&to=ops@example.com&mode=insecure",
    )
    hostile = "Refunds\r\nBcc: everybody@example.com\r\n\r\n<b>é</b>\u202e"
    office.tell(Kind.VERDICT, "run:12", data={"verdict": "deviated", "title": hostile, "run": "12"})
    office.carry()
    (got,) = mail.got
    assert got["To"] == "ops@example.com"
    assert got["Bcc"] is None
    assert got["Subject"] == "prod: deviated: Refunds Bcc: everybody@example.com <b>é</b>"
    assert "Run: 12" in got.get_body(("plain", "html")).get_content()


def test_a_mail_server_that_dies_gets_everything_once_it_is_back(office: Office, mail: MailReceiver):
    office.channel(
        "mail",
        url=f"mailto://127.0.0.1:{mail.port}?from=gameday@example.com&to=ops@example.com&mode=insecure",
    )
    mail.kill()
    for _ in range(2):
        office.tell(data=FAULT)
    office.carry()
    assert {one.state for one in office.deliveries} == {DeliveryState.PENDING}
    mail.start()
    advance(office, FIRST_WAIT)
    office.carry()
    assert len(mail.got) == 2
    assert {one.state for one in office.deliveries} == {DeliveryState.SENT}


CANARY = "hunter2CANARY"


@pytest.mark.parametrize(
    "words",
    [
        {"url": f"json://maria:{CANARY}@127.0.0.1:1/{CANARY}?+X-Key={CANARY}"},
        {"url": f"slack://T1JJ3T3L2/A1BRTD4JD/{CANARY}TIiajkdnlazkcOXrIdevi7FQ/"},
        {"url": f"mailto://maria:{CANARY}@127.0.0.1:1?to=ops@example.com"},
        {"url": f"nonsense://{CANARY}"},
        {"url_env": "OPS_URL"},
        {"webhook": f"http://maria:{CANARY}@127.0.0.1:1/{CANARY}?key={CANARY}", "secret_env": "HOOK_SECRET"},
        {"webhook": "http://127.0.0.1:1/", "secret_env": "BAD_SECRET"},
        {"url": f"json://[{CANARY}/"},
    ],
)
def test_secrets_are_in_no_error_no_log_and_nothing_that_is_shown(
    office: Office, words: dict[str, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("socket.create_connection", _refuse)  # no case speaks to the world
    office.environ |= {"OPS_URL": f"json://127.0.0.1:1/{CANARY}", "BAD_SECRET": f"whsec_{CANARY}!"}
    office.channel("ops", **words)
    office.tell(data=FAULT)
    office.carry()
    (one,) = office.deliveries
    assert one.state is DeliveryState.PENDING
    assert one.last_error
    apprise = logging.getLogger("apprise")  # pytest listens where nobody else does
    assert not apprise.propagate
    logged = [record.getMessage() for record in caplog.records if record.name != apprise.name]
    shown = f"{one} {office.room.channels()} {office.channels} {logged}"
    assert CANARY.lower() not in shown.lower()


def _refuse(address: Any, *_: Any, **__: Any) -> None:
    raise ConnectionRefusedError(f"no way to {address}")


def test_a_secret_that_comes_late_is_found_at_the_next_attempt(office: Office, web: WebReceiver):
    office.channel("ops", url_file="ops-url")
    office.tell(data=FAULT)
    office.carry()
    assert office.deliveries[0].last_error == "ops-url can not be read: FileNotFoundError."
    assert office.room.channels()[0].trouble == office.deliveries[0].last_error
    (office.folder / "ops-url").write_text(f"json://127.0.0.1:{web.port}/hook\n")
    advance(office, FIRST_WAIT)
    office.carry()
    assert len(web.got) == 1
    assert office.room.channels()[0].shown == "json://…"


def advance(office: Office, seconds: float) -> None:
    assert isinstance(office.clock, FrozenClock)
    office.clock.advance(seconds)
