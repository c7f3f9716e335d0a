"""What a board needs to know from outside: facts about indicators and the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.chart import Begin, Chart, Reading


class IndicatorFacts(Protocol):
    """The facts of one indicator, in words fit for a screen.

    ``direction`` is ``up`` (higher is better), ``down`` (lower is better) or ``context``
    (no judgement). ``unit`` is the unit of measure of its values; shares run from 0 to 1 with
    the unit ``share``. A value covers ``window`` buckets of the rhythm ``step``. ``summary``
    is what it says in one sentence, ``strata`` what it is split by ("" when by nothing).
    """

    @property
    def id(self) -> str:
        """Its name in addresses and tables."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def pillar(self) -> str:
        """What it belongs to."""
        ...

    @property
    def unit(self) -> str:
        """Unit of measure of its values."""
        ...

    @property
    def direction(self) -> str:
        """``up``, ``down`` or ``context``."""
        ...

    @property
    def summary(self) -> str:
        """What it says, in one sentence."""
        ...

    @property
    def formula(self) -> str:
        """How it is computed."""
        ...

    @property
    def source(self) -> str:
        """Where the formula comes from."""
        ...

    @property
    def pitfalls(self) -> str:
        """How it misleads."""
        ...

    @property
    def step(self) -> str:
        """Rhythm of its buckets."""
        ...

    @property
    def window(self) -> int:
        """Buckets that a value covers."""
        ...

    @property
    def min_n(self) -> int:
        """Cases below which it is grey."""
        ...

    @property
    def strata(self) -> str:
        """What it is split by."""
        ...

    @property
    def excluded(self) -> tuple[str, ...]:
        """Why it leaves out what it reads, each reason a word in ``value.detail``."""
        ...

    @property
    def charted(self) -> bool:
        """Whether a control chart suits its buckets."""
        ...

    def control(
        self, readings: Sequence[Reading], begins: Sequence[Begin], target: float | None
    ) -> Chart | None:
        """The control chart of its buckets; None where such a chart does not suit it."""
        ...


class OrganisationFacts(Protocol):
    """Who the page is for; ``timezone`` is an IANA name.

    ``invented`` is the sentence that labels invented data on every screen; "" for real data.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def timezone(self) -> str:
        """IANA name of its zone."""
        ...

    @property
    def invented(self) -> str:
        """The label of invented data."""
        ...


class AgencyFacts(Protocol):
    """What an agency or a group is called; "" means by its id."""

    @property
    def title(self) -> str:
        """What people call it."""
        ...


class PageSettings(Protocol):
    """The part of the settings that the page reads."""

    @property
    def groups(self) -> Mapping[str, AgencyFacts]:
        """By name; those without an entry are called by it."""
        ...

    @property
    def organisation(self) -> OrganisationFacts:
        """The whole."""
        ...

    @property
    def agencies(self) -> Mapping[str, AgencyFacts]:
        """By id; those without an entry are called by it."""
        ...

    @property
    def targets(self) -> Mapping[str, float]:
        """By indicator, what is to be reached; in its unit."""
        ...
