"""The alert rules use metrics that exist, say what to do, and are each tested by promtool."""

import re
from pathlib import Path

import pytest

from gateway.description.problems import PROBLEM_TYPES
from shared.metrics.catalogue import BY_NAME
from shared.metrics.metric import Kind

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "compose/prometheus"
RULES = {path.name: path.read_text() for path in sorted(PROMETHEUS.glob("rules/*.yml"))}
TESTS = {path.name: path.read_text() for path in sorted(PROMETHEUS.glob("tests/*.yml"))}
PAGE = (ROOT / "docs/how-to/monitoring.md").read_text()

#: Of each alert its text.
ALERTS = {
    name: text
    for rules in RULES.values()
    for name, text in re.findall(
        r"^ {6}- alert: (\w+)\n(.*?)(?=^ {6}(?:- |#)|\Z)", rules, re.MULTILINE | re.DOTALL
    )
}

_METRIC = re.compile(r"\breckoner_\w+")
_MATCHED = re.compile(r'\b(reckoner_\w+)\{((?:\w+ *(?:=~|!~|!=|=) *"[^"]*",? *)+)\}')
_RECORDED = re.compile(r"\breckoner:\w+:\w+")


def uncommented(text: str) -> str:
    return re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)


def unknown(text: str) -> list[str]:
    """Return the metrics, and the labels of metrics, that Reckoner does not have."""
    names = [name for name in _METRIC.findall(uncommented(text)) if metric_of(name) is None]
    for name, matchers in _MATCHED.findall(text):
        metric = metric_of(name)
        has = {"job", "instance", *(metric.labels if metric else ())}
        if metric and metric.kind is Kind.HISTOGRAM:
            has.add("le")
        labels = re.findall(r"(\w+) *[=!]", matchers)
        names += [f"{name}{{{label}}}" for label in labels if label not in has]
    return names


def metric_of(name: str):
    if name in BY_NAME:
        return None if BY_NAME[name].kind is Kind.HISTOGRAM else BY_NAME[name]
    histogram = BY_NAME.get(re.sub(r"_(bucket|count|sum)$", "", name))
    return histogram if histogram and histogram.kind is Kind.HISTOGRAM else None


def test_there_are_alerts():
    assert len(ALERTS) > 25


@pytest.mark.parametrize("file", RULES)
def test_rules_use_metrics_and_labels_that_exist(file):
    assert unknown(RULES[file]) == []


@pytest.mark.parametrize("file", TESTS)
def test_tests_of_rules_use_metrics_and_labels_that_exist(file):
    assert unknown(TESTS[file]) == []


def test_rules_and_the_page_use_problems_that_exist():
    used = re.findall(r'problem="([^"]+)"', "\n".join((*RULES.values(), *TESTS.values(), PAGE)))
    assert len(used) > 5
    assert set(used) <= {one.name for one in PROBLEM_TYPES.values()}


def test_the_page_uses_metrics_and_labels_that_exist():
    assert unknown(PAGE) == []


def test_a_metric_or_a_label_that_does_not_exist_is_found():
    text = 'reckoner_outbox_age > 1 or reckoner_slots{queue="quick",lane="quick"}'
    assert unknown(text) == ["reckoner_outbox_age", "reckoner_slots{queue}"]
    assert unknown("rate(reckoner_compute_seconds[5m])") == ["reckoner_compute_seconds"]


def test_sums_of_a_quarter_of_an_hour_are_recorded_before_they_are_used():
    recorded = set(re.findall(r"- record: (\S+)", RULES["counts.yml"]))
    used = {name for text in ALERTS.values() for name in _RECORDED.findall(text)}
    assert used == recorded


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert):
    text = ALERTS[alert]
    assert re.search(r"labels: \{severity: (critical|warning|info)\}", text)
    assert re.search(r"^ {10}summary: \S", text, re.MULTILINE)
    assert re.search(r"^ {10}description: >-\n {12}\S", text, re.MULTILINE)
    assert f"runbook: docs/how-to/monitoring.md#{alert.lower()}\n" in text


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_in_a_test_of_the_rules(alert):
    severity = re.findall(r"severity: (\w+)", ALERTS[alert])[0]
    fired = rf'- labels: .*alertname="{alert}".*severity="{severity}"'
    assert re.search(fired.replace("- labels", "labels"), "\n".join(TESTS.values()))


def test_each_alert_has_a_runbook_and_each_runbook_its_alert():
    assert sorted(re.findall(r"^### (Reckoner\w+)$", PAGE, re.MULTILINE)) == sorted(ALERTS)


def test_the_page_names_alerts_that_exist():
    """In its tables of bounds and of what grows, which name almost all."""
    tables = PAGE.partition("## Which alert watches what")[2].partition("## The alerts")[0]
    named = set(re.findall(r"`(Reckoner\w+)`", tables))
    assert named <= ALERTS.keys()
    assert len(named) > 20
