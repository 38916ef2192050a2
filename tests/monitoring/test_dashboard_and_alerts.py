"""What docs/ gives to Prometheus and Grafana, against what a console really exports: neither knows more than the other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.usage.console import watched
from tests.waiting import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = json.loads((DOCS / "monitoring" / "grafana-dashboard.json").read_text())
RULES = yaml.safe_load((DOCS / "monitoring" / "alerts.yaml").read_text())
FUNCTIONS = {"sum", "max", "rate", "increase", "absent", "by", "or", "label_values"}
OTHERS = {"up", "job"}  # Prometheus's own
SEVERITIES = {"critical", "warning", "info"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Each metric that a console tells, with its labels. A run, and an environment with a cap, bring every one."""
    with watched(tmp_path_factory.mktemp("scraped"), settings="monthly_cap = 5") as console:
        console.verdict(console.run().raise_for_status().json()["id"])
        text = httpx.get(f"{console.url}/metrics", timeout=PATIENCE).raise_for_status().text
    return {
        family.name + ("_total" if family.type == "counter" else ""): {
            label for sample in family.samples for label in sample.labels
        }
        for family in text_string_to_metric_families(text)
    }


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def alerts() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def expressions() -> dict[str, str]:
    drawn = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in panels()
        for target in panel["targets"]
    }
    marked = {one["name"]: one["expr"] for one in DASHBOARD["annotations"]["list"]}
    return {**drawn, **marked, **{rule["alert"]: rule["expr"] for rule in alerts()}}


def metrics_in(text: str) -> set[str]:
    return set(re.findall(r"\bgameday_[a-z_]+", text))


def test_every_metric_that_is_drawn_or_alerted_on_is_exported_and_every_one_exported_is_drawn(
    exported: dict[str, set[str]],
) -> None:
    used = set().union(*(metrics_in(expression) for expression in expressions().values()))
    assert used - set(exported) == set()
    drawn = set().union(*(metrics_in(target["expr"]) for panel in panels() for target in panel["targets"]))
    assert set(exported) - drawn == set()


@pytest.mark.parametrize("name", expressions())
def test_an_expression_is_made_of_names_that_there_are(name: str, exported: dict[str, set[str]]) -> None:
    expression = expressions()[name]
    assert expression.count("(") == expression.count(")")
    plain = re.sub(r'"[^"]*"|\[\d+[smhd]\]|\d+(\.\d+)?', " ", expression)
    words = set(re.findall(r"[a-z_]+", plain))
    labels = set().union(*exported.values())
    assert words - FUNCTIONS - OTHERS - set(exported) - labels == set()


@pytest.mark.parametrize("metric", sorted({m for e in expressions().values() for m in metrics_in(e)}))
def test_only_counters_are_asked_for_their_rate(metric: str) -> None:
    for expression in expressions().values():
        if re.search(rf"\b{metric}\b", expression):
            assert bool(re.search(rf"(rate|increase)\({metric}\b", expression)) is metric.endswith("_total")


def test_the_dashboard_can_be_imported_beside_any_data_source() -> None:
    assert DASHBOARD["schemaVersion"] >= 36
    assert "id" not in DASHBOARD  # Grafana gives it
    variables = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "environment": "query"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_no_panel_lies_on_another() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, (panel["title"], taken.get((x, y)))
                taken[x, y] = panel["title"]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_a_rule_has_the_shape_that_prometheus_takes_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Gameday[A-Za-z]+", rule["alert"])
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(rule["annotations"]) == {"summary", "description"}
    told = " ".join(rule["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", told)) <= {"environment"}


def test_what_must_not_go_unnoticed_has_an_alert() -> None:
    about = {
        "gameday_armed_fault_overdue_seconds", "gameday_oldest_armed_fault_age_seconds", "gameday_stuck_faults",
        "gameday_guardian_lag_seconds", "gameday_scheduler_lag_seconds", "gameday_poller_lag_seconds",
        "gameday_cloudwatch_throttles_total", "gameday_cloudwatch_cost_cap_dollars",
    }  # fmt: skip
    assert about <= {metric for rule in alerts() for metric in metrics_in(rule["expr"])}


def test_every_metric_is_described_for_people(exported: dict[str, set[str]]) -> None:
    page = (DOCS / "how-to" / "monitoring.md").read_text()
    assert metrics_in(page) == set(exported)
