"""The keys that Grafana 12.4 reads in provisioning files, kind by kind.

It leaves out what it does not know without a word, so that a mistyped key is a setting that is not
there. A shape is a map of known keys, a list of one shape, the name of another shape, or None where
anything may stand. Keys that it reads and that do nothing there are left out as well:
``dashboardUid`` and ``panelId`` of a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Shape = dict[str, Any] | list[Any] | str | None


def _known(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names)


SHAPES: dict[str, Shape] = {
    "datasources": {
        "apiVersion": None,
        "prune": None,
        "datasources": ["datasource"],
        "deleteDatasources": [_known("name", "orgId")],
    },
    "datasource": _known(
        *("name", "uid", "type", "access", "orgId", "url", "user", "database", "isDefault"),
        *("basicAuth", "basicAuthUser", "withCredentials", "editable", "version"),
        *("jsonData", "secureJsonData", "correlations"),
    ),
    "dashboards": {"apiVersion": None, "providers": ["provider"]},
    "provider": {
        **_known("name", "orgId", "type", "folder", "folderUid", "disableDeletion", "editable"),
        **_known("updateIntervalSeconds", "allowUiUpdates"),
        "options": _known("path", "foldersFromFilesStructure"),
    },
    "alerting": {
        "apiVersion": None,
        "groups": ["group"],
        "contactPoints": ["contact"],
        "policies": ["route"],
        "muteTimes": ["mute"],
        "templates": [_known("orgId", "name", "template")],
        "resetPolicies": None,
        "deleteRules": [_known("orgId", "uid")],
        "deleteContactPoints": [_known("orgId", "uid")],
        "deleteMuteTimes": [_known("orgId", "name")],
        "deleteTemplates": [_known("orgId", "name")],
    },
    "group": {**_known("orgId", "name", "folder", "interval"), "rules": ["rule"]},
    "rule": {
        **_known("uid", "title", "condition", "noDataState", "execErrState", "for"),
        **_known("keepFiringFor", "missing_series_evals_to_resolve", "labels", "annotations"),
        **_known("isPaused"),
        "data": ["query"],
        "notification_settings": _known(
            *("receiver", "group_by", "group_wait", "group_interval", "repeat_interval"),
            *("mute_time_intervals", "active_time_intervals"),
        ),
        "record": _known("metric", "from", "targetDatasourceUid"),
    },
    "query": {
        **_known("refId", "queryType", "datasourceUid", "model"),
        "relativeTimeRange": _known("from", "to"),
    },
    "contact": {
        **_known("orgId", "name"),
        "receivers": [_known("uid", "type", "settings", "disableResolveMessage")],
    },
    "route": {
        **_known("orgId", "receiver", "group_by", "matchers", "object_matchers", "continue"),
        **_known("group_wait", "group_interval", "repeat_interval"),
        **_known("mute_time_intervals", "active_time_intervals"),
        "routes": ["route"],
    },
    "mute": {
        **_known("orgId", "name"),
        "time_intervals": [
            {
                "times": [_known("start_time", "end_time")],
                **_known("weekdays", "days_of_month", "months", "years", "location"),
            }
        ],
    },
    # What is free for a plugin to read, of the kinds that are used here.
    "jsonData of prometheus": _known(
        *("httpMethod", "timeInterval", "queryTimeout", "prometheusType", "prometheusVersion"),
        *("cacheLevel", "incrementalQuerying", "disableRecordingRules", "customQueryParameters"),
        *("manageAlerts", "alertmanagerUid", "exemplarTraceIdDestinations"),
    ),
    "jsonData of grafana-postgresql-datasource": _known(
        *("database", "sslmode", "postgresVersion", "timescaledb", "timeInterval"),
        *("maxOpenConns", "maxIdleConns", "maxIdleConnsAuto", "connMaxLifetime"),
        *("tlsConfigurationMethod", "sslRootCertFile", "sslCertFile", "sslKeyFile"),
    ),
    "jsonData of alertmanager": _known("implementation", "handleGrafanaManagedAlerts"),
    "model of a data source": _known(
        *("refId", "expr", "instant", "range", "legendFormat", "editorMode"),
        *("intervalMs", "maxDataPoints", "datasource"),
    ),
    "model of __expr__": {
        **_known("refId", "type", "expression", "datasource", "intervalMs", "maxDataPoints"),
        "conditions": [{"evaluator": _known("type", "params")}],
    },
    "settings of webhook": _known(
        *("url", "httpMethod", "username", "password", "authorization_scheme"),
        *("authorization_credentials", "maxAlerts", "title", "message", "tlsConfig"),
        *("hmacConfig", "http_config", "headers", "payload"),
    ),
}


def unknown(held: Any, shape: Shape, where: str) -> Iterator[str]:
    """Every key that is not of its shape, with its place."""
    if isinstance(shape, str):
        shape = SHAPES[shape]
    if shape is None or held is None:
        return
    if isinstance(shape, list):
        if not isinstance(held, list):
            yield f"{where}: is no list"
            return
        for number, one in enumerate(held):
            yield from unknown(one, shape[0], f"{where}[{number}]")
        return
    if not isinstance(held, dict):
        yield f"{where}: has no keys"
        return
    for key, one in held.items():
        if key not in shape:
            yield f"{where}: unknown key {key}"
        else:
            yield from unknown(one, shape[key], f"{where}.{key}")
