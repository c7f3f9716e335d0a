"""The demo's ``headwind.toml``: an invented organisation, its feeds, standards and references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.demo.region import AGENCIES, HOLIDAYS, NOTHING_REAL, REGION, SIMULATED, ZONE, sources

if TYPE_CHECKING:
    from collections.abc import Iterator


def headwind_toml(*, host: str = "127.0.0.1", port: int = 8080) -> str:
    """The settings as TOML text; everything in them is invented and says so.

    The door has no limit on the rate of events: three years pass it in half a minute.
    """
    return "\n".join(_lines(host, port)) + "\n"


def _lines(host: str, port: int) -> Iterator[str]:
    yield f"# {SIMULATED}: {NOTHING_REAL}."
    yield "[organisation]"
    yield f'name = "{REGION}"'
    yield f'timezone = "{ZONE}"'
    yield f'holidays = "{HOLIDAYS}"'
    yield f'invented = "{NOTHING_REAL}"'
    for agency in AGENCIES:
        yield ""
        yield f"[agencies.{agency.id}]"
        yield f'title = "{agency.title}"'
    for agency in AGENCIES:
        for name, source in sources(agency).items():
            yield ""
            yield f'[sources."{name}"]'
            yield f'lateness = "{source.lateness}"'
            yield f'quiet_after = "{source.quiet_after}"'
    yield ""
    yield "[privacy]"
    yield 'dpia_ref = "invented-dpia-1"'
    yield 'social_dialogue_ref = "invented-dialogue-1"'
    yield ""
    yield "[door]"
    yield f'host = "{host}"'
    yield f"port = {port}"
    yield "rate_per_second = 0"
    yield ""
    yield "[targets]"
    yield "within_standard = 0.9"
    yield "digital_take_up = 0.75"
    yield ""
    yield "[standards]"
    for agency in AGENCIES:
        for work in agency.casework:
            yield f'"{work.service}" = "P{work.standard}D"'
