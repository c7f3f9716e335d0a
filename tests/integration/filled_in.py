"""What Grafana does to a target before it is run: variables by its page, macros by its server."""

from __future__ import annotations

import re
from collections.abc import Mapping

NANOS = 1_000_000
_CHOICE = re.compile(r"\$\{(\w+):sqlstring\}")
_QUOTED = re.compile(r"\$\{(\w+):doublequote\}")


def sql(text: str, choices: Mapping[str, str], since: int, until: int) -> str:
    """A ``rawSql`` with its choices and times (ms) filled in, as documented for Grafana 12.4."""

    def chosen(found: re.Match[str]) -> str:
        # The format "sqlstring": quoted, with quotes doubled.
        return "'" + choices[found[1]].replace("'", "''") + "'"

    text = text.replace("$__unixEpochNanoFrom()", str(since * NANOS))
    text = text.replace("$__unixEpochNanoTo()", str(until * NANOS))
    assert "$" not in _CHOICE.sub("", text), text
    return _CHOICE.sub(chosen, text)


def promql(text: str, choices: Mapping[str, str]) -> str:
    """An expression with its choices filled in; the format "doublequote" escapes double quotes."""

    def chosen(found: re.Match[str]) -> str:
        return '"' + choices[found[1]].replace('"', '\\"') + '"'

    text = text.replace("$__rate_interval", "1m")
    assert "$" not in _QUOTED.sub("", text), text
    return _QUOTED.sub(chosen, text)
