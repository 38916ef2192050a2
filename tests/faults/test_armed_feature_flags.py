"""A fault leased in AppConfig's feature flags: deployed, read back by what it means, and the version before it deployed again."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import boto3
import pytest

from app.aws import InMemoryFunctions
from app.aws.appconfig import AppConfigStore
from app.dialects import DIALECTS, Fault, FaultMode, disarm_plan
from app.errors import Conflict, Invalid, Unavailable
from app.faults import FaultState, Store
from app.settings import Environment
from tests.aws.feature_flags import Dating

pytestmark = pytest.mark.sandbox
FLAGS = "failure-lambda/1.x"
WHERE = {"region_name": "us-east-2", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
LATE = Fault(mode=FaultMode.LATENCY, rate=0.5, min_latency=100, max_latency=400)
REFUSED = Fault(mode=FaultMode.DENYLIST, rate=1, deny_list=("s3",))
SHOP: dict[str, Any] = {
    "version": "1",
    "flags": {"checkout": {"name": "Checkout", "attributes": {"limit": {"constraints": {"type": "number"}}}}},
    "values": {"checkout": {"enabled": True, "limit": 5}},
}
HOUR = timedelta(hours=1)


class Shop:
    """A profile of feature flags in the emulator, with the dates that it leaves out, and consoles on it."""

    def __init__(self, desk: Any, emulated: Environment) -> None:
        self._endpoint = emulated.endpoint_url
        self.desk, self.clock = desk, desk.clock
        self.client = Dating(self.of("appconfig"))
        self.application = f"shop-{uuid.uuid4().hex[:8]}"
        made = self.client.create_application(Name=self.application)["Id"]
        self.ids = {"ApplicationId": made}
        environment = self.client.create_environment(**self.ids, Name="prod")["Id"]
        self.profile = self.client.create_configuration_profile(
            **self.ids, Name="flags", LocationUri="hosted", Type="AWS.AppConfig.FeatureFlags"
        )["Id"]
        self.there = {**self.ids, "EnvironmentId": environment}
        self.name = f"{self.application}/prod/flags"
        self.store = Store(environment="test", kind="appconfig", name=self.name)
        self.appconfig = AppConfigStore(self.client, wait=lambda _seconds: None)
        desk.functions = InMemoryFunctions({"Shop": ("", "1.0.0")})
        desk.functions.details = {"Shop": {"appconfig": self.name, "parameter": None}}

    def of(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self._endpoint, **WHERE)

    def console(self, name: str = "console") -> Any:
        faults = self.desk.console(name)
        faults._aws.others = {"appconfig": self.appconfig}
        return faults

    def deploy(self, document: dict[str, Any]) -> None:
        self.appconfig.put(self.name, json.dumps(document).encode())

    def arm(self, faults: Any, fault: Fault = LATE) -> Any:
        return faults.arm(store=self.store, fault=fault, by="ann", lifetime=HOUR)

    @property
    def held(self) -> Any:
        return self.appconfig.get(self.name)

    @property
    def values(self) -> Any:
        return json.loads(self.held.value)["values"]

    @property
    def handed_out(self) -> Any:
        """What the extension in a function gets."""
        data = self.of("appconfigdata")
        token = data.start_configuration_session(
            ApplicationIdentifier=self.application, EnvironmentIdentifier="prod", ConfigurationProfileIdentifier="flags"
        )["InitialConfigurationToken"]  # fmt: skip
        return json.loads(data.get_latest_configuration(ConfigurationToken=token)["Configuration"].read())

    def die(self, call: str) -> None:
        def now(called: str) -> None:
            if called == call:
                self.client.before = lambda _call: None
                raise self.desk.Died

        self.client.before = now

    def made(self) -> int:
        return self.client.calls.count("create_hosted_configuration_version")


@pytest.fixture
def shop(desk: Any, emulated: Environment) -> Shop:
    shop = Shop(desk, emulated)
    shop.deploy(SHOP)
    return shop


def test_a_fault_is_deployed_among_the_flags_and_the_version_before_it_once_more(shop: Shop) -> None:
    faults, before = shop.console(), shop.held
    entry = shop.arm(faults)
    assert (entry.state, entry.dialect, entry.functions) == (FaultState.ARMED, FLAGS, ("Shop",))
    assert shop.held.value != entry.value  # AppConfig has dated it
    assert shop.handed_out["latency"]["enabled"] is True
    assert (shop.handed_out["latency"]["percentage"], shop.handed_out["checkout"]["limit"]) == (50, 5)
    assert shop.made() == 2
    over = faults.disarm(entry.id, by="ann", why="asked")
    assert (over.state, over.settles_at - shop.clock.now()) == (FaultState.DISARMED, timedelta(seconds=45))
    assert "byte for byte" in over.outcome
    assert (shop.held.value, shop.held.hosted) == (before.value, before.hosted)
    assert shop.held.version == before.version + 2
    assert shop.made() == 2
    assert "latency" not in shop.handed_out


def test_the_flags_are_written_anew_where_their_version_is_gone(shop: Shop) -> None:
    faults, before = shop.console(), shop.held
    entry = shop.arm(faults)
    shop.client.delete_hosted_configuration_version(
        **shop.ids, ConfigurationProfileId=shop.profile, VersionNumber=int(before.hosted)
    )
    over = faults.disarm(entry.id, by="ann", why="asked")
    assert over.state is FaultState.DISARMED
    assert "with new dates of AppConfig's" in over.outcome
    assert shop.held.value != before.value
    assert {**shop.values["checkout"], "_updatedAt": ""} == {
        **json.loads(before.value)["values"]["checkout"],
        "_updatedAt": "",
    }


def test_somebody_elses_switch_is_theirs_until_a_person_says_otherwise(shop: Shop) -> None:
    faults, before = shop.console(), shop.held
    entry = shop.arm(faults)
    theirs = json.loads(shop.held.value)
    theirs["values"]["checkout"]["limit"] = 6
    shop.deploy(theirs)
    over = faults.disarm(entry.id, by="ann", why="asked")
    assert (over.state, shop.values["checkout"]["limit"]) == (FaultState.DRIFTED, 6)
    assert faults.choose(entry.id, keep="ours", by="ann").state is FaultState.DISARMED
    assert (shop.held.value, shop.held.hosted) == (before.value, before.hosted)


@pytest.mark.parametrize("call", ["create_hosted_configuration_version", "start_deployment"])
def test_a_console_that_dies_on_its_way_leaves_nothing_deployed(shop: Shop, call: str) -> None:
    before = shop.held
    shop.die(call)
    with pytest.raises(shop.desk.Died):
        shop.arm(shop.console())
    assert shop.held == before
    again = shop.console()
    (entry,) = again.active()
    assert entry.state is FaultState.INTENDED
    shop.clock.advance(2 * 3600)
    shop.desk.guardian(again).step()
    assert again.entry(entry.id).state is FaultState.DISARMED
    assert shop.held == before
    assert shop.arm(again).state is FaultState.ARMED  # and nothing of it stands in the way


def test_a_console_that_dies_before_it_reads_back_is_disarmed_by_the_next(shop: Shop) -> None:
    before, faults = shop.held, shop.console()

    def die(_entry: int) -> None:
        raise shop.desk.Died

    faults.confirm = die
    with pytest.raises(shop.desk.Died):
        shop.arm(faults)
    assert shop.values["latency"]["enabled"] is True
    again = shop.console()
    shop.clock.advance(2 * 3600)
    shop.desk.guardian(again).step()
    assert (shop.held.value, shop.held.hosted) == (before.value, before.hosted)


def slowly(shop: Shop, profile: str, version: str) -> int:
    """A deployment that is under way."""
    slow = shop.client.create_deployment_strategy(
        Name=f"slow-{uuid.uuid4().hex[:8]}",
        DeploymentDurationInMinutes=30,
        GrowthFactor=10.0,
        ReplicateTo="NONE",
    )["Id"]
    started = shop.client.start_deployment(
        **shop.there, ConfigurationProfileId=profile, ConfigurationVersion=version, DeploymentStrategyId=slow
    )
    return int(started["DeploymentNumber"])


def state(shop: Shop, number: int) -> str:
    return str(shop.client.get_deployment(**shop.there, DeploymentNumber=number)["State"])


def test_a_deployment_that_is_under_way_is_stopped_first(shop: Shop) -> None:
    under_way = slowly(shop, shop.profile, shop.held.hosted)
    faults = shop.console()
    entry = shop.arm(faults)
    assert (entry.state, state(shop, under_way)) == (FaultState.ARMED, "ROLLED_BACK")
    assert faults.disarm(entry.id, by="ann", why="asked").state is FaultState.DISARMED


def test_another_profiles_deployment_is_stopped_to_restore_and_never_to_arm(shop: Shop) -> None:
    faults, before = shop.console(), shop.held
    other = shop.client.create_configuration_profile(**shop.ids, Name="other", LocationUri="hosted")["Id"]
    shop.client.create_hosted_configuration_version(
        **shop.ids,
        ConfigurationProfileId=other,
        Content=json.dumps(SHOP).encode(),
        ContentType="application/json",
    )
    theirs = slowly(shop, other, "1")
    with pytest.raises(Conflict, match="Somebody deploys another profile"):
        shop.arm(faults)
    assert (state(shop, theirs), shop.held, faults.active()) == ("DEPLOYING", before, [])
    shop.client.stop_deployment(**shop.there, DeploymentNumber=theirs)
    entry = shop.arm(faults)
    theirs = slowly(shop, other, "1")
    assert faults.disarm(entry.id, by="ann", why="asked").state is FaultState.DISARMED
    assert (state(shop, theirs), shop.held.hosted) == ("ROLLED_BACK", before.hosted)


def test_what_is_deployed_is_found_in_three_calls_however_many_deployments_there_were(shop: Shop) -> None:
    for limit in range(4):
        shop.deploy({**SHOP, "values": {"checkout": {"enabled": True, "limit": limit}}})
    asked = len(shop.client.calls)
    assert shop.values["checkout"]["limit"] == 3
    assert shop.client.calls[asked:] == [
        "list_deployments",
        "get_deployment",
        "get_hosted_configuration_version",
    ]


def test_warm_containers_are_cleared_by_a_flag_among_the_others(shop: Shop) -> None:
    faults, before = shop.console(), shop.held
    entry = shop.arm(faults, REFUSED)
    assert faults.disarm(entry.id, by="ann", why="asked").state is FaultState.FLUSHING
    assert (shop.handed_out["latency"]["enabled"], shop.handed_out["latency"]["percentage"]) == (True, 0)
    assert "denylist" not in shop.values
    assert shop.values["checkout"]["enabled"] is True
    shop.clock.advance(45)
    shop.desk.guardian(faults).step()
    assert faults.entry(entry.id).state is FaultState.DISARMED
    assert (shop.held.value, shop.held.hosted) == (before.value, before.hosted)


def leased(shop: Shop, faults: Any, value: str, **more: Any) -> Any:
    """As for a run, whose own commands deploy."""
    plan = disarm_plan(LATE, FLAGS, kind="appconfig")
    given = {
        "value": value,
        "fault": LATE,
        "dialect": FLAGS,
        "announced": (value,),
        "safe_value": None,
        "plan": plan,
    }
    entry = shop.desk.intend(faults, store=shop.store, **{**given, **more})
    shop.appconfig.put(shop.name, value.encode())
    return faults.confirm(entry.id)


def test_what_a_run_deploys_itself_is_recognised_though_appconfig_dates_it(shop: Shop) -> None:
    faults = shop.console()
    entry = leased(shop, faults, DIALECTS[FLAGS].write(LATE, onto=json.dumps(SHOP)))
    assert entry.state is FaultState.ARMED
    shop.deploy(SHOP)  # its own rollback
    over = faults.disarm(entry.id, by="ann", why="the run is over")
    assert (over.state, shop.made()) == (FaultState.DISARMED, 3)
    assert over.outcome.startswith(f"{shop.store} had been put back already; read back when the run is over.")


def test_where_nothing_was_deployed_the_same_flags_are_left_switched_off(
    desk: Any, emulated: Environment
) -> None:
    shop = Shop(desk, emulated)
    faults = shop.console()
    entry = leased(shop, faults, DIALECTS[FLAGS].write(LATE, onto=json.dumps(SHOP)))
    over = faults.disarm(entry.id, by="ann", why="asked")
    assert (over.state, shop.handed_out["latency"]["enabled"]) == (FaultState.DISARMED, False)
    assert shop.handed_out["checkout"]["enabled"] is True


def test_a_fault_that_was_there_before_is_not_brought_back(shop: Shop) -> None:
    shop.deploy(json.loads(DIALECTS[FLAGS].write(REFUSED, onto=json.dumps(SHOP))))
    faults = shop.console()
    assert [stray.dialect for stray in faults.scan("test")] == [FLAGS]
    entry = shop.arm(faults)
    assert shop.values["denylist"]["enabled"] is False
    assert faults.disarm(entry.id, by="ann", why="asked").state is FaultState.DISARMED
    assert (shop.values["denylist"]["enabled"], "latency" in shop.values) == (False, False)


def test_a_fault_that_nobody_wrote_down_is_switched_off_among_the_other_flags(shop: Shop) -> None:
    shop.deploy(json.loads(DIALECTS[FLAGS].write(REFUSED, onto=json.dumps(SHOP))))
    assert "is off, read back" in shop.console().switch_off(shop.store, by="ann")
    assert (shop.values["denylist"]["enabled"], shop.values["checkout"]["enabled"]) == (False, True)


def test_a_second_console_waits_for_the_first(shop: Shop) -> None:
    shop.arm(shop.console())
    with pytest.raises(Conflict, match="held by another console"):
        shop.arm(shop.console("other"))


def test_seeing_whether_it_may_write_makes_no_version(shop: Shop) -> None:
    before = shop.held
    assert shop.console().write_over_itself(shop.store) is True
    assert (shop.held.value, shop.held.hosted, shop.held.version) == (
        before.value,
        before.hosted,
        before.version + 1,
    )
    assert shop.made() == 1


def test_functions_of_an_older_library_can_not_be_told_by_flags(shop: Shop) -> None:
    shop.desk.functions.functions["Shop"] = ("", "0.4.4")
    armed = DIALECTS[FLAGS].write(LATE, onto=json.dumps(SHOP))
    assert "AppConfig's feature flags" in (shop.console().understand("test", shop.store, armed).refusal or "")
    with pytest.raises(Invalid, match="AppConfig's feature flags"):
        shop.arm(shop.console())


def test_where_nobody_reads_them_flags_are_written_all_the_same(shop: Shop) -> None:
    shop.desk.functions = InMemoryFunctions()
    assert shop.arm(shop.console()).dialect == FLAGS


def test_what_appconfig_does_not_take_is_not_deployed(shop: Shop) -> None:
    strict = {
        "name": "latency",
        "attributes": {"min_latency": {"constraints": {"type": "number", "maximum": 1}}},
    }
    shop.deploy({**SHOP, "flags": {**SHOP["flags"], "latency": strict}})
    before, faults = shop.held, shop.console()
    with pytest.raises(Invalid, match="declare it wider"):
        shop.arm(faults)
    entry = shop.desk.intend(faults, store=shop.store, value="{}", fault=LATE, dialect=FLAGS, run_id=None)
    with pytest.raises(Unavailable, match="not the members of a document"):
        faults._write(entry)
    assert (shop.held, faults.entry(entry.id).state) == (before, FaultState.DISARMED)
