"""The files that a Grafana starts with are right: it would not start, or leave out what is not.

No Grafana runs here. What each of its readers takes was tried once on a real one (12.4.0); the
mistakes that were made there are made here again, each by itself.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from models.metrics import METRICS, STATE_NUMBER
from tests.conftest import ROOT
from tests.contract.grafana_files import Files, faults, routes

FOLDER = ROOT / "deploy" / "grafana" / "provisioning"
TEXTS = {
    str(file.relative_to(FOLDER)): file.read_text(encoding="utf-8")
    for file in sorted(FOLDER.rglob("*"))
    if file.is_file()
}
PARSED = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
PROMETHEUS = ROOT / "deploy" / "prometheus"
SUFFIXES = re.compile("_(bucket|count|sum|total)$")
SOURCES, RULES = "datasources/headwind.yml", "alerting/rules.yml"
CONTACTS, POLICIES = "alerting/contact-points.yml", "alerting/policies.yml"
PROVIDER, TEMPLATES = "dashboards/headwind.yml", "alerting/templates.yml"


def boards() -> dict[str, dict[int, str]]:
    """The panels of each committed board, by the board's uid."""
    found = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in sorted((ROOT / "dashboards" / "json").glob("*.json"))
    ]
    return {one["uid"]: {each["id"]: each["title"] for each in one["panels"]} for one in found}


BOARDS = boards()


def rules() -> list[Any]:
    """Every rule of every group."""
    return [rule for group in PARSED[RULES]["groups"] for rule in group["rules"]]


def test_nothing_is_wrong_with_what_is_shipped() -> None:
    """Each key is one that is read, each name one that is there."""
    assert {name.split("/")[0] for name in TEXTS} == {"alerting", "dashboards", "datasources"}
    assert faults(TEXTS, BOARDS) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        # The server would not start.
        (RULES, "uid: headwind-strained", "uid: ''", "no uid, or one that is none"),
        (RULES, "interval: 30s", "interval: 45s", "interval is no multiple of 10 s"),
        (RULES, "__dashboardUid__: headwind-overview", "other: x", "alone"),
        (RULES, '__panelId__: "3"', "other: x", "alone"),
        (RULES, "noDataState: OK", "noDataState: Ok", "noDataState is none of"),
        (RULES, "keepFiringFor: 10m", "keepFiringFor: soon", "keepFiringFor is no duration"),
        (RULES, "condition: B", "condition: C", "condition is no query"),
        (RULES, "    rules:", "\trules:", "is not YAML"),
        (POLICIES, "receiver: headwind-people", "receiver: nobody", "no such contact point"),
        (POLICIES, "[headwind-night]", "[headwind-noon]", "no mute time headwind-noon"),
        (CONTACTS, "type: webhook", "type: webhok", "unknown type webhok"),
        (CONTACTS, "url: $HEADWIND_WEBHOOK_PEOPLE", "url: ''", "no uid or no url"),
        (SOURCES, "isDefault: false", "isDefault: true", "not one default data source"),
        (SOURCES, "isDefault: true", "isDefault: false", "not one default data source"),
        # It would start, without what was meant.
        (RULES, "keepFiringFor: 10m", "keep_firing_for: 10m", "unknown key keep_firing_for"),
        (RULES, "isPaused: false", "dashboardUid: headwind-overview", "unknown key dashboardUid"),
        (RULES, "isPaused: false", "panelId: 3", "unknown key panelId"),
        (RULES, "headwind-prometheus", "headwind-prom", "no data source headwind-prom"),
        (RULES, '__panelId__: "3"', '__panelId__: "99"', "no panel 99 on headwind-overview"),
        (RULES, '__panelId__: "3"', "__panelId__: 3", "an annotation that is no text"),
        (RULES, "/d/headwind-agency?", "/d/agency?", "no board agency"),
        (RULES, "source: headwind", 'source: "{{ $labels.job }}"', "label source has a single $"),
        (RULES, "{{ $labels.agency }} is", "{{ $$labels.agency }} is", "has a double $"),
        (RULES, "folder: Headwind signals", "folder: Headwind", "its folder is that of boards"),
        (RULES, "uid: headwind-watch", "uid: headwind-strained", "stands twice"),
        (RULES, "type: gt", "type: above", "an evaluator above"),
        (RULES, "params: [1, 3]", "params: [2]", "an evaluator within_range"),
        (RULES, "expression: A", "expression: C", "B is a threshold of nothing"),
        (RULES, "instant: true", "instnt: true", "unknown key instnt"),
        (RULES, "apiVersion: 1", "apiVersion: 2", "apiVersion is not 1"),
        (POLICIES, "group_wait: 0s", "groupWait: 0s", "unknown key groupWait"),
        (POLICIES, '[severity, "=", critical]', "[severity, critical]", "matches nothing"),
        (CONTACTS, "httpMethod: POST", "method: POST", "unknown key method"),
        (TEMPLATES, 'define "headwind.title"', 'define "title"', "no template headwind.title"),
        (SOURCES, "type: prometheus", "type: promtheus", "unknown type promtheus"),
        (SOURCES, "httpMethod: POST", "method: POST", "unknown key method"),
        (SOURCES, "sslmode:", "sslMode:", "unknown key sslMode"),
        (SOURCES, "secureJsonData:", "securejsondata:", "unknown key securejsondata"),
        (SOURCES, "uid: headwind-alertmanager", "uid: headwind-prometheus", "stands twice"),
        (PROVIDER, "folderUid:", "folderUID:", "unknown key folderUID"),
        (PROVIDER, "updateIntervalSeconds: 30", "updateIntervalSeconds: 10", "watches events"),
        (PROVIDER, "allowUiUpdates: true", "allowUiUpdates: false", "at a restart"),
        (PROVIDER, "Structure: false", "Structure: true", "folders from files and a folder"),
    ],
)
def test_a_mistake_is_noticed(file: str, old: str, new: str, fault: str) -> None:
    """Made once, it is told."""
    assert old in TEXTS[file]
    changed = TEXTS | {file: TEXTS[file].replace(old, new, 1)}
    found = faults(changed, BOARDS)
    assert any(fault in one for one in found), found


def test_rules_link_to_the_panel_of_their_states() -> None:
    """State changes are drawn on the panel that shows them."""
    for rule in rules():
        notes = rule["annotations"]
        assert BOARDS[notes["__dashboardUid__"]][int(notes["__panelId__"])] == "Agencies now"
        assert (ROOT / notes["runbook_url"]).is_file()
    settings = (ROOT / "dashboards" / "json" / "headwind-agency.json").read_text(encoding="utf-8")
    names = {one["name"] for one in json.loads(settings)["templating"]["list"]}
    links = re.findall(r"var-(\w+)=", TEXTS[RULES])
    assert len(links) == len(rules())
    assert set(links) <= names


@pytest.mark.parametrize(
    ("uid", "state", "severity"),
    [("headwind-strained", "strained", "critical"), ("headwind-watch", "watch", "warning")],
)
def test_a_rule_mirrors_one_state(uid: str, state: str, severity: str) -> None:
    """It fires for that number of the gauge, and for no other."""
    (rule,) = [one for one in rules() if one["uid"] == uid]
    evaluator = rule["data"][1]["model"]["conditions"][0]["evaluator"]
    low, high = [*evaluator["params"], float("inf")][:2]
    assert evaluator["type"] == ("gt" if high == float("inf") else "within_range")
    assert [name for name, number in STATE_NUMBER.items() if low < number < high] == [state]
    assert rule["data"][0]["model"]["expr"] == "max by (agency) (headwind_agency_state)"
    assert rule["labels"]["severity"] == severity
    assert (rule["noDataState"], rule["execErrState"]) == ("OK", "Error")
    assert (rule["for"], rule["keepFiringFor"]) == ("0s", "10m")


def test_what_is_critical_is_told_at_once() -> None:
    """To somebody else than the rest, by day and night; and nobody gets an e-mail by default."""
    (tree,) = PARSED[POLICIES]["policies"]
    assert tree["group_by"] == ["agency"]
    (route,) = [
        one
        for one in routes(tree)
        if ["severity", "=", "critical"] in one.get("object_matchers", ())
    ]
    assert route["group_wait"] == "0s"
    assert "mute_time_intervals" not in route
    assert route["receiver"] != tree["receiver"]
    # A fault of Grafana's has the severity of the rule: it is caught before.
    assert tree["routes"].index(route) == 1
    assert tree["routes"][0]["object_matchers"] == [["alertname", "=", "DatasourceError"]]
    kinds = {one["type"] for each in PARSED[CONTACTS]["contactPoints"] for one in each["receivers"]}
    assert kinds == {"webhook"}


def test_data_sources_are_those_of_the_boards() -> None:
    """Under the uids that stand in every board; the reader's password is not in the file."""
    sources = {one["uid"]: one for one in PARSED[SOURCES]["datasources"]}
    kinds = {uid: one["type"] for uid, one in sources.items()}
    assert kinds == {
        "headwind-prometheus": "prometheus",
        "headwind-postgresql": "grafana-postgresql-datasource",
        "headwind-alertmanager": "alertmanager",
    }
    assert PARSED[SOURCES]["prune"] is True
    assert sources["headwind-prometheus"]["isDefault"]
    history = sources["headwind-postgresql"]
    assert history["user"] == "headwind_reader"
    assert history["secureJsonData"] == {"password": "$HEADWIND_READER_PASSWORD"}
    text = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "dashboards" / "json").glob("*.json")
    )
    assert set(
        re.findall(r'"uid": "(headwind-(?:prometheus|postgresql|alertmanager))"', text)
    ) <= set(sources)
    scrape = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))["global"]
    assert sources["headwind-prometheus"]["jsonData"]["timeInterval"] == scrape["scrape_interval"]


def expressions() -> list[str]:
    """Of Grafana's rules and of Prometheus's."""
    groups = [
        group
        for name in ("rules.yml", "recording.yml")
        for group in yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8"))["groups"]
    ]
    asked = [query["model"].get("expr", "") for rule in rules() for query in rule["data"]]
    return [*asked, *(rule["expr"] for group in groups for rule in group["rules"])]


def test_every_metric_is_one_that_is_shown_or_recorded() -> None:
    """A rule about another one would never fire."""
    recorded = re.findall(
        r"record: (\S+)", (PROMETHEUS / "recording.yml").read_text(encoding="utf-8")
    )
    known = {SUFFIXES.sub("", metric.name) for metric in METRICS} | set(recorded)
    used = {
        SUFFIXES.sub("", name)
        for text in expressions()
        for name in re.findall(r"\bheadwind[_:][\w:]*", text)
    }
    assert "headwind_agency_state" in used
    assert used <= known, used - known


def test_files_are_told_apart() -> None:
    """The checker looks at all of them: of no kind is there nothing."""
    held = Files([PARSED[SOURCES]], [PARSED[PROVIDER]], [*PARSED.values()], BOARDS)
    for kind in ("groups", "contactPoints", "policies", "muteTimes", "templates"):
        assert held.all(kind), kind
