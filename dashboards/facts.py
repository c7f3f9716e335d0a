"""What a board needs to know from outside: facts about indicators and the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class IndicatorFacts(Protocol):
    """The facts of one indicator, in words fit for a screen.

    ``direction`` is ``up`` (higher is better), ``down`` (lower is better) or ``context``
    (no judgement). ``unit`` is the unit of measure of its values; shares run from 0 to 1 with
    the unit ``share``. A value covers ``window`` buckets of the rhythm ``step``. ``summary``
    is what it says in one sentence, ``strata`` what it is split by ("" when by nothing).
    """

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def pillar(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def pitfalls(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def window(self) -> int: ...
    @property
    def min_n(self) -> int: ...
    @property
    def strata(self) -> str: ...


class OrganisationFacts(Protocol):
    """Who the page is for; ``timezone`` is an IANA name.

    ``invented`` is the sentence that labels invented data on every screen; "" for real data.
    """

    @property
    def name(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def invented(self) -> str: ...


class AgencyFacts(Protocol):
    """What an agency is called; "" means by its id."""

    @property
    def title(self) -> str: ...


class PageSettings(Protocol):
    """The part of the settings that the page reads."""

    @property
    def organisation(self) -> OrganisationFacts: ...
    @property
    def agencies(self) -> Mapping[str, AgencyFacts]: ...
