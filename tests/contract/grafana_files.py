"""What is wrong with provisioning files of Grafana: what stops its server, and what it passes over.

Tried on a Grafana 12.4.0: a rule without uid, an odd interval, half a link to a panel, a receiver
that does not exist, two default data sources or a tab in the YAML, and the server does not start;
an unknown key, data source or panel, and it starts without it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from tests.contract.grafana_shapes import SHAPES, unknown

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
STATES = {
    "noDataState": {"NoData", "Alerting", "OK", "KeepLast"},
    "execErrState": {"Error", "Alerting", "OK", "KeepLast"},
}
EVALUATORS = {"gt": 1, "lt": 1, "within_range": 2, "outside_range": 2}
"""Those that every version of the threshold knows, each with its number of params."""

SHOWN = ("__dashboardUid__", "__panelId__")


class Files(NamedTuple):
    """The files, parsed, by the folder that they stand in; and the panels of each board by uid."""

    datasources: list[Any]
    dashboards: list[Any]
    alerting: list[Any]
    boards: Mapping[str, Mapping[int, str]]

    def all(self, kind: str) -> list[Any]:
        """Everything of one kind, over all files of alerting."""
        return [one for file in self.alerting for one in file.get(kind, ())]

    def uids(self) -> set[str]:
        """Of the data sources, and of Grafana's own calculator."""
        found = {one.get("uid", "") for file in self.datasources for one in file["datasources"]}
        return {*found, "__expr__"}


def faults(texts: Mapping[str, str], boards: Mapping[str, Mapping[int, str]]) -> list[str]:
    """Every fault of these files; their names are paths below ``provisioning``."""
    found: list[str] = []
    folders: dict[str, list[Any]] = {"datasources": [], "dashboards": [], "alerting": []}
    for name, text in texts.items():
        try:
            held = yaml.safe_load(text)
        except yaml.YAMLError:
            return [f"{name}: is not YAML"]
        folder = name.split("/")[0]
        folders[folder].append(held)
        found += unknown(held, SHAPES[folder], name)
        if held.get("apiVersion") != 1:
            found.append(f"{name}: apiVersion is not 1")
    files = Files(**folders, boards=boards)
    for part in (_sources, _providers, _rules, _contacts, _policies, _names):
        found += part(files)
    return found


def _sources(files: Files) -> Iterator[str]:
    every = [one for file in files.datasources for one in file["datasources"]]
    if [one.get("isDefault", False) for one in every].count(True) != 1:
        yield "not one default data source"
    for one in every:
        where = f"data source {one.get('uid')}"
        if not one.get("uid") or not one.get("url"):
            yield f"{where}: no uid or no url"
        shape = f"jsonData of {one['type']}"
        if shape not in SHAPES:
            yield f"{where}: unknown type {one['type']}"
        else:
            yield from unknown(one.get("jsonData"), shape, where)


def _providers(files: Files) -> Iterator[str]:
    every = [one for file in files.dashboards for one in file["providers"]]
    for one in every:
        where = f"provider {one['name']}"
        if one.get("updateIntervalSeconds", 10) <= 10:
            yield f"{where}: watches events, which mounts do not pass on"
        if one["options"].get("foldersFromFilesStructure") and one.get("folderUid"):
            yield f"{where}: folders from files and a folder"
        if not one.get("allowUiUpdates"):
            yield f"{where}: boards of one folder are taken out at a restart"
    kept = {one.get("folder") for one in every}
    for group in files.all("groups"):
        if group.get("folder") in kept:
            yield f"group {group['name']}: its folder is that of boards"


def _rules(files: Files) -> Iterator[str]:
    for group in files.all("groups"):
        where = f"group {group.get('name')}"
        every = seconds(group.get("interval", ""))
        if not every or every % 10:
            yield f"{where}: interval is no multiple of 10 s"
        if not group.get("folder") or not group.get("name"):
            yield f"{where}: no name or no folder"
        for rule in group["rules"]:
            yield from _rule(rule, files)


def _rule(rule: Any, files: Files) -> Iterator[str]:
    where = f"rule {rule.get('uid') or rule.get('title')}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", rule.get("uid", "")):
        yield f"{where}: no uid, or one that is none"
    for name, allowed in STATES.items():
        if rule.get(name) not in allowed:
            yield f"{where}: {name} is none of {sorted(allowed)}"
    for name in ("for", "keepFiringFor"):
        if seconds(str(rule.get(name))) is None:
            yield f"{where}: {name} is no duration"
    for name, text in rule.get("labels", {}).items():
        if "$" in str(text).replace("$$", ""):
            yield f"{where}: label {name} has a single $"
    for name, text in rule.get("annotations", {}).items():
        if "$$" in str(text):
            yield f"{where}: annotation {name} has a double $"
    yield from _link(rule.get("annotations", {}), files.boards, where)
    yield from _data(rule, files.uids(), where)


def _link(notes: Any, boards: Mapping[str, Mapping[int, str]], where: str) -> Iterator[str]:
    board, panel = (notes.get(name) for name in SHOWN)
    if (board is None) != (panel is None):
        yield f"{where}: one of {SHOWN} alone"
    elif board is not None and not (isinstance(board, str) and isinstance(panel, str)):
        yield f"{where}: an annotation that is no text"
    elif board is not None and int(panel) not in boards.get(board, {}):
        yield f"{where}: no panel {panel} on {board}"
    for link in re.findall(r"/d/([\w-]+)", " ".join(map(str, notes.values()))):
        if link not in boards:
            yield f"{where}: no board {link}"


def _data(rule: Any, uids: set[str], where: str) -> Iterator[str]:
    refs = [query["refId"] for query in rule["data"]]
    if rule.get("condition") not in refs or len(refs) != len(set(refs)):
        yield f"{where}: condition is no query, or a refId stands twice"
    for query in rule["data"]:
        uid, model = query.get("datasourceUid"), query["model"]
        if uid not in uids:
            yield f"{where}: no data source {uid}"
        if model.get("refId") != query["refId"]:
            yield f"{where}: two names for query {query['refId']}"
        kind = "__expr__" if uid == "__expr__" else "a data source"
        yield from unknown(model, f"model of {kind}", where)
        if uid != "__expr__":
            continue
        if model.get("expression") not in refs or model.get("type") != "threshold":
            yield f"{where}: {query['refId']} is a threshold of nothing"
        for condition in model.get("conditions", []):
            evaluator = condition["evaluator"]
            if EVALUATORS.get(evaluator["type"]) != len(evaluator["params"]):
                yield f"{where}: an evaluator {evaluator['type']} of other params"


def _contacts(files: Files) -> Iterator[str]:
    defined = " ".join(one["template"] for one in files.all("templates"))
    known = set(re.findall(r'define "([^"]+)"', defined))
    for contact in files.all("contactPoints"):
        for one in contact["receivers"]:
            where = f"receiver {one.get('uid')}"
            if not one.get("uid") or not one.get("settings", {}).get("url"):
                yield f"{where}: no uid or no url"
            shape = f"settings of {one['type']}"
            if shape not in SHAPES:
                yield f"{where}: unknown type {one['type']}"
                continue
            yield from unknown(one["settings"], shape, where)
            for name in re.findall(r'template "([^"]+)"', str(one["settings"])):
                if name not in known:
                    yield f"{where}: no template {name}"


def _policies(files: Files) -> Iterator[str]:
    trees = files.all("policies")
    if len(trees) != 1:
        yield "not one tree of policies"
    for tree in trees:
        if {"object_matchers", "matchers", "mute_time_intervals"} & set(tree):
            yield "the root of the policies is for everything, always"
        for route in routes(tree):
            yield from _route(route, files)


def routes(tree: Any) -> Iterator[Any]:
    """A route and all below it."""
    yield tree
    for one in tree.get("routes", ()):
        yield from routes(one)


def _route(route: Any, files: Files) -> Iterator[str]:
    where = f"route to {route.get('receiver')}"
    if route.get("receiver") not in {one["name"] for one in files.all("contactPoints")}:
        yield f"{where}: no such contact point"
    for name in route.get("mute_time_intervals", ()):
        if name not in {one["name"] for one in files.all("muteTimes")}:
            yield f"{where}: no mute time {name}"
    for name in ("group_wait", "group_interval", "repeat_interval"):
        if name in route and seconds(route[name]) is None:
            yield f"{where}: {name} is no duration"
    for matcher in route.get("object_matchers", ()):
        if len(matcher) != 3 or matcher[1] not in {"=", "!=", "=~", "!~"}:
            yield f"{where}: {matcher} matches nothing"


def _names(files: Files) -> Iterator[str]:
    """What has to be there once."""
    rules = [rule for group in files.all("groups") for rule in group["rules"]]
    contacts = files.all("contactPoints")
    receivers = [one for contact in contacts for one in contact["receivers"]]
    sources = [one for file in files.datasources for one in file["datasources"]]
    for what, names in (
        ("uid of rules", [one.get("uid") for one in rules]),
        ("title of rules", [one.get("title") for one in rules]),
        ("uid of receivers", [one.get("uid") for one in receivers]),
        ("name of contact points", [one.get("name") for one in contacts]),
        ("uid of data sources", [one.get("uid") for one in sources]),
        ("name of data sources", [one.get("name") for one in sources]),
    ):
        for name in _twice(names):
            yield f"{what} {name} stands twice"


def _twice(names: Iterable[Any]) -> list[Any]:
    return [name for name, times in Counter(names).items() if times > 1]


def seconds(text: str) -> int | None:
    """A duration as Prometheus writes them; None where it is none."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(map("".join, parts)) != text:
        return None
    return sum(int(number) * UNITS[unit] for number, unit in parts)
