"""Invented facts: an organisation, four agencies and a hostile one, twelve indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.chart import chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.chart import Begin, Chart, Reading

INJECTION = 'A & B / "C"<script>alert(1)</script>'
TITLES = {
    "harbour": "Harbour Authority",
    "permits": "Permits & Planning",
    "registry": "Civil Registry",
    "transport": "Regional Transport",
}


class Facts(msgspec.Struct, frozen=True):
    """The facts of an invented indicator."""

    id: str
    title: str
    pillar: str
    unit: str
    direction: str
    window: int
    step: str
    min_n: int
    summary: str
    formula: str
    source: str
    pitfalls: str
    strata: str
    level: float
    spread: float
    cases: int
    excluded: tuple[str, ...] = ("no_due_date", "ends_before_start")

    @property
    def charted(self) -> bool:
        """Whether it has a control chart."""
        return self.id == "remote_readiness"

    def control(
        self, readings: Sequence[Reading], begins: Sequence[Begin], target: float | None
    ) -> Chart | None:
        """A control chart of one of them."""
        return chart(readings, "up", begins, target) if self.charted else None


class Organisation(msgspec.Struct, frozen=True):
    """An invented organisation."""

    name: str = "Region of Windmark"
    timezone: str = "Europe/Brussels"
    invented: str = "These agencies do not exist; every event was generated for demonstration."


class Agency(msgspec.Struct, frozen=True):
    """An invented agency."""

    title: str


class Settings(msgspec.Struct, frozen=True):
    """Settings as the page reads them."""

    organisation: Organisation = Organisation()
    agencies: dict[str, Agency] = msgspec.field(
        default_factory=lambda: {name: Agency(title) for name, title in TITLES.items()}
    )
    groups: dict[str, Agency] = {}
    targets: dict[str, float] = msgspec.field(default_factory=lambda: {"remote_readiness": 0.71})


_ROWS = (
    ("demand", "Demand", "Service", "requests a day", "context", 28, 30, 640.0, 0.12, 640),
    ("within_standard", "Within standard", "Service", "share", "up", 28, 30, 0.86, 0.03, 900),
    ("waiting", "Waiting", "Service", "days", "down", 28, 30, 11.5, 0.1, 700),
    ("digital_take_up", "Digital take-up", "Service", "share", "up", 28, 100, 0.61, 0.02, 4200),
    ("completion", "Completion", "Service", "share", "up", 28, 100, 0.78, 0.02, 3800),
    ("exploit_speed", "Exploit speed", "Exploit", "days", "down", 365, 20, 212.0, 0.05, 46),
    ("change_lead_time", "Change lead time", "Exploit", "hours", "down", 90, 10, 31.0, 0.15, 210),
    (
        "deployment_frequency",
        "Deployment frequency",
        "Exploit",
        "a week",
        "up",
        90,
        10,
        9.4,
        0.1,
        120,
    ),
    ("decision_speed", "Decision speed", "Exploit", "days", "down", 180, 10, 17.0, 0.1, 34),
    ("ageing_work", "Ageing work", "Exploit", "share", "down", 1, 10, 0.22, 0.06, 41),
    ("remote_readiness", "Remote readiness", "Remote", "share", "up", 30, 10, 0.72, 0.01, 1900),
    ("presence", "Presence on site", "Remote", "%", "context", 28, 10, -18.0, 0.1, 28),
)
CATALOGUE = [
    Facts(
        id=key,
        title=title,
        pillar=pillar,
        unit=unit,
        direction=way,
        window=window,
        step="day",
        min_n=least,
        summary=f"How {title.lower()} stands in an agency, over everything it reports.",
        formula="the cases that meet the standard in the window / all cases in the window",
        source="Own operationalisation, after the service manuals of public administrations",
        pitfalls="A fall in demand moves it without any change in service: look at n beside it.",
        strata="",
        level=level,
        spread=spread,
        cases=cases,
    )
    for key, title, pillar, unit, way, window, least, level, spread, cases in _ROWS
]
