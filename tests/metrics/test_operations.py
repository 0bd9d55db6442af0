"""docs/operations: rules, dashboard and the page about them, beside what /metrics tells and by Prometheus' own
program."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from tests.kit.portal import ROOT

FOLDER, PAGE = ROOT / "docs/operations", (ROOT / "docs/operations.md").read_text()
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text())
TESTED = yaml.safe_load((ROOT / "tests/metrics/alerts_test.yaml").read_text())["tests"]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SHOWN = [target["expr"] for panel in PANELS for target in panel["targets"]]
NAME = re.compile(r"\blinnapp_\w+|\bup\b")
# What a histogram is asked by beside its name.
SUFFIX = re.compile(r"_(bucket|count|sum)$")
# Grafana's own.
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*"}


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if not found:
        pytest.skip("no promtool: install Debian's prometheus, or put it on the PATH")
    return found


def checked(*command: str | Path, said: str = "") -> str:
    done = subprocess.run(command, cwd=ROOT, input=said, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def told(db: None) -> str:
    return Client().get("/metrics").content.decode()


def metrics_in(text: str) -> dict[str, str]:
    """What each metric is, by the name that it is asked by."""
    return dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))


# What is asked is there.


@pytest.mark.parametrize("expressions", [SHOWN, [rule["expr"] for rule in RULES]], ids=["dashboard", "alerts"])
def test_only_metrics_that_there_are_are_asked(told: str, expressions: list[str]) -> None:
    kinds = metrics_in(told)
    histograms = {name for name, kind in kinds.items() if kind == "histogram"}
    names = {name for expression in expressions for name in NAME.findall(expression)}
    assert len(names) > 10
    for name in names - {"up"}:
        plain = SUFFIX.sub("", name)
        assert name in kinds or plain in histograms, f"{name} is not told"
        assert name not in histograms, f"{name} is asked without _bucket, _count or _sum"


@pytest.mark.parametrize("values", ["outcome", "reason", "status", "kind", "part"])
def test_only_values_of_labels_that_there_are_are_asked(values: str) -> None:
    """Those that expressions name are written in the code."""
    code = " ".join(path.read_text() for path in (ROOT / "linnapp").glob("*figures.py"))
    others = ("installs/exchange/figures.py", "linnapp/health/parts.py", "linnapp/health/watch.py")
    code += " ".join((ROOT / path).read_text() for path in others)
    for expression in [*SHOWN, *(rule["expr"] for rule in RULES)]:
        for found in re.findall(rf'\b{values}=~?"([^"]+)"', expression):
            for value in found.split("|"):
                assert f'"{value}"' in code or re.fullmatch(r"\dxx", value), f"{value} of {expression}"


def test_every_metric_is_on_the_dashboard(told: str) -> None:
    shown = {SUFFIX.sub("", name) for expression in SHOWN for name in NAME.findall(expression)}
    missing = {name for name in metrics_in(told) if name.startswith("linnapp_")} - shown
    # It is what the list of machines is read from.
    assert missing == {"linnapp_info"}


def test_every_metric_is_on_the_page(told: str) -> None:
    named = set(re.findall(r"`(linnapp_\w+)", PAGE))
    assert named == {name for name in metrics_in(told) if name.startswith("linnapp_")}


# The page says what each alarm means, and each is tested.


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_each_alarm_has_words_and_a_section_of_the_page_and_is_tested(rule: dict[str, Any]) -> None:
    name, words = rule["alert"], rule["annotations"]
    assert words.keys() == {"summary", "description", "runbook"}
    assert words["runbook"] == f"docs/operations.md#{name.lower()}"
    section = PAGE.partition("## What each alarm means\n")[2].partition("\n## ")[0]
    _, heading, rest = section.partition(f"### {name}\n")
    assert heading
    text = rest.partition("\n### ")[0]
    assert "**What to do.**" in text
    raised = [each for test in TESTED for each in test["alert_rule_test"] if each["alertname"] == name]
    says = [bool(each.get("exp_alerts")) for each in raised]
    assert says[:1] == [False]
    assert says.count(False) >= 2
    assert True in says


def test_the_page_has_no_alarm_that_there_is_not() -> None:
    section = PAGE.partition("## What each alarm means\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == [rule["alert"] for rule in RULES]


# By Prometheus' own program.


def test_the_rules_are_read_and_do_what_they_say(promtool: str) -> None:
    assert f"{len(RULES)} rules found" in checked(promtool, "check", "rules", "docs/operations/alerts.yaml")
    assert "SUCCESS" in checked(promtool, "test", "rules", "tests/metrics/alerts_test.yaml")


def test_the_example_of_a_configuration_is_read(promtool: str) -> None:
    assert "SUCCESS" in checked(promtool, "check", "config", "--syntax-only", "docs/operations/prometheus.yaml")


def test_what_metrics_tells_is_read_and_well_named(promtool: str, told: str) -> None:
    assert checked(promtool, "check", "metrics", said=told) == ""


def plain(expression: str) -> str:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def test_every_expression_of_the_dashboard_is_read(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"shown:{number}", "expr": plain(expression)} for number, expression in enumerate(SHOWN)]
    file = tmp_path / "shown.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": rules}]}))
    assert f"{len(SHOWN)} rules found" in checked(promtool, "check", "rules", file)


def test_the_dashboard_s_panels_do_not_overlap_and_have_a_source() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${source}"}
    assert {each["name"] for each in DASHBOARD["templating"]["list"]} == {"source", "instance"}
