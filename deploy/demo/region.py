"""Who is in the region: four invented agencies, what they do and how large they are.

Every name is made up and means no place, office or person anywhere.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

SIMULATED: Final = "Invented data"
NOTHING_REAL: Final = "no place, office or number in here exists"
"""Label that stands on everything the demo shows."""

REGION: Final = "Region of the Ostrevael Coast (invented)"
ZONE: Final = "Europe/Brussels"
HOLIDAYS: Final = "BE"


class Unit(msgspec.Struct, frozen=True):
    """A part of an agency; ``posts`` that could be done from elsewhere, of ``fte`` in all."""

    id: str
    posts: int
    fte: float


class Casework(msgspec.Struct, frozen=True):
    """A service whose requests are told one by one; times in days."""

    service: str
    unit: str
    per_day: float
    standard: int
    median: float


class Counting(msgspec.Struct, frozen=True):
    """A service that is told in counts; ``within`` is its usual share within the standard.

    ``channels`` are the channels other than web, with their shares of what is not web.
    """

    service: str
    unit: str
    per_day: float
    rhythm: Literal["day", "month"]
    channels: dict[str, float]
    web: bool = True
    within: float | None = None
    waits: float | None = None
    """Median wait in days, where waits are counted in bands too."""


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """One agency.

    ``pace`` multiplies the time that projects and decisions take, ``digital`` is the share of
    digital channels three years ago and now, ``summer`` how far demand rises towards July (and
    falls where negative), ``growth`` the yearly growth of demand.
    """

    id: str
    title: str
    code: str
    units: tuple[Unit, ...]
    casework: tuple[Casework, ...] = ()
    counting: tuple[Counting, ...] = ()
    pace: float
    digital: tuple[float, float]
    ready: tuple[float, float]
    summer: float
    growth: float
    opportunities_a_year: float
    changes_a_week: float
    deployments_a_week: float


QUERNMOUTH: Final = Agency(
    id="quernmouth",
    title="City of Quernmouth (invented)",
    code="QM",
    units=(
        Unit("streets", 64, 210.5),
        Unit("waste", 38, 160.0),
        Unit("front-office", 92, 104.0),
        Unit("digital", 71, 74.5),
        Unit("city-archive", 8, 9.0),
    ),
    casework=(
        Casework("Street repair", "streets", 12.0, 10, 4.1),
        Casework("Missed waste collection", "waste", 10.5, 5, 2.0),
        Casework("Street lighting", "streets", 5.5, 14, 5.6),
    ),
    counting=(
        Counting(
            "Contact centre",
            "front-office",
            190.0,
            "day",
            {"phone": 0.8, "counter": 0.2},
            web=False,
            within=0.86,
        ),
        Counting("Parking permit", "front-office", 85.0, "day", {"phone": 0.3, "counter": 0.7}),
    ),
    pace=1.0,
    digital=(0.41, 0.63),
    ready=(0.47, 0.81),
    summer=0.12,
    growth=0.03,
    opportunities_a_year=52.0,
    changes_a_week=7.0,
    deployments_a_week=2.4,
)

SEA_DEFENCE: Final = Agency(
    id="sea-defence",
    title="Ostrevael Sea Defence and Water Board (invented)",
    code="SD",
    units=(
        Unit("dykes", 46, 180.0),
        Unit("water-levels", 33, 52.0),
        Unit("licences", 41, 44.5),
        Unit("citizen-desk", 37, 39.0),
    ),
    casework=(
        Casework("Flood advice", "citizen-desk", 8.0, 7, 2.7),
        Casework("Dyke and culvert repair", "dykes", 6.0, 21, 8.4),
        Casework("Water licence", "licences", 3.0, 30, 12.5),
    ),
    counting=(
        Counting(
            "Groundwater declaration",
            "licences",
            46.0,
            "day",
            {"phone": 0.35, "post": 0.65},
            within=0.9,
        ),
    ),
    pace=1.12,
    digital=(0.36, 0.58),
    ready=(0.38, 0.76),
    summer=-0.1,
    growth=0.02,
    opportunities_a_year=44.0,
    changes_a_week=5.0,
    deployments_a_week=1.6,
)

LAND_PERMITS: Final = Agency(
    id="land-permits",
    title="Ostrevael Land and Permits Office (invented)",
    code="LP",
    units=(
        Unit("building-permits", 84, 96.0),
        Unit("environment", 52, 61.0),
        Unit("land-register", 77, 83.5),
        Unit("support", 29, 33.0),
    ),
    casework=(
        Casework("Land record extract", "land-register", 11.0, 5, 1.9),
        Casework("Building permit", "building-permits", 4.5, 60, 27.0),
        Casework("Environmental permit", "environment", 1.5, 90, 44.0),
    ),
    pace=0.97,
    digital=(0.52, 0.78),
    ready=(0.55, 0.9),
    summer=-0.06,
    growth=0.04,
    opportunities_a_year=47.0,
    changes_a_week=6.0,
    deployments_a_week=2.0,
)

CLINICS: Final = Agency(
    id="clinics",
    title="Ostrevael Public Clinics (invented)",
    code="PC",
    units=(
        Unit("outpatients", 58, 640.0),
        Unit("laboratories", 26, 175.0),
        Unit("appointments", 63, 70.0),
        Unit("informatics", 55, 57.5),
    ),
    counting=(
        Counting(
            "Outpatient appointment",
            "outpatients",
            240.0,
            "month",
            {"phone": 0.75, "counter": 0.25},
            within=0.82,
            waits=9.5,
        ),
        Counting("Vaccination", "outpatients", 95.0, "month", {"phone": 0.4, "counter": 0.6}),
    ),
    pace=0.55,
    digital=(0.33, 0.61),
    ready=(0.44, 0.79),
    summer=-0.09,
    growth=0.02,
    opportunities_a_year=58.0,
    changes_a_week=9.0,
    deployments_a_week=4.2,
)

AGENCIES: Final = (QUERNMOUTH, SEA_DEFENCE, LAND_PERMITS, CLINICS)


class Source(msgspec.Struct, frozen=True):
    """A feed: how late its events may come and how long it may keep silent (ISO 8601).

    For counts, lateness is told by the start of their period, as the engine takes it.
    """

    lateness: str
    lateness_s: int
    quiet_after: str


SOURCES: Final = {
    "cases": Source("PT6H", 6 * 3600, "P3D"),
    "counts": Source("P1DT2H", 26 * 3600, "P3D"),
    "monthly": Source("PT1H", 3600, "P45D"),
    "register": Source("PT6H", 6 * 3600, "P10D"),
    "delivery": Source("PT6H", 6 * 3600, "P10D"),
    "workplace": Source("P1DT2H", 26 * 3600, "P4D"),
    "equipment": Source("PT1H", 3600, "P10D"),
    "office": Source("PT6H", 6 * 3600, "P10D"),
}
"""Feeds of an agency by the last part of their name."""


def sources(agency: Agency) -> dict[str, Source]:
    """The feeds that this agency has, by their whole name."""
    rhythms = {one.rhythm for one in agency.counting}
    absent = set()
    if not agency.casework:
        absent.add("cases")
    if "day" not in rhythms:
        absent.add("counts")
    if "month" not in rhythms:
        absent.add("monthly")
    return {f"{agency.id}/{name}": one for name, one in SOURCES.items() if name not in absent}
