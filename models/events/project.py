"""Exploring and exploiting: from an opportunity to a service in use, and who decides."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import field

from models.events import Data, Id, Instant, Meta, Name, Service, Share

Opportunity = Annotated[
    Id, Meta(description="Digital opportunity; the same through its whole life.")
]
FromOpportunity = Annotated[
    Name, Meta(description='Opportunity it came from; "" is none that is registered.')
]
SizeClass = Annotated[
    Name,
    Meta(description='Size as the agency classes it: S, M, L …; "" is not classed.'),
]
Experiment = Annotated[Id, Meta(description="Experiment; the same when started and concluded.")]
Project = Annotated[Id, Meta(description="Project; the same through its whole life.")]
Cost = Annotated[float, Meta(ge=0, le=1e15)]
AnyCurrency = Annotated[
    str,
    Meta(
        pattern="^([A-Z]{3})?$",
        description='ISO 4217 code of the currency, as in EUR; "" where no cost is given.',
    ),
]
Decision = Annotated[Id, Meta(description="Decision; the same through its whole life.")]
DecisionClass = Annotated[
    Literal["operational", "tactical", "strategic", "crisis"],
    Meta(description="How far the decision reaches, as the agency's rules class it."),
]
DecisionDue = Annotated[
    Instant | None, Meta(description="When it should be made; absent: no limit.")
]


class OpportunityIdentified(Data, frozen=True, kw_only=True):
    """A digital opportunity was entered in the register; ``time`` is when it was seen."""

    TYPE: ClassVar[str] = "headwind.project.opportunity.identified.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "opportunity": "opp-0042",
        "origin": "citizen feedback",
        "theme": "permits",
        "size_class": "M",
    }

    opportunity: Opportunity
    origin: Annotated[
        Name, Meta(description='Where the idea came from, as a short code; "" is not known.')
    ] = ""
    theme: Annotated[Name, Meta(description='Field of policy or business; "" is none.')] = ""
    size_class: SizeClass = ""


class OpportunityDropped(Data, frozen=True, kw_only=True):
    """An opportunity will not be pursued."""

    TYPE: ClassVar[str] = "headwind.project.opportunity.dropped.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"opportunity": "opp-0043", "size_class": "S"}

    opportunity: Opportunity
    size_class: SizeClass = ""


class ExperimentStarted(Data, frozen=True, kw_only=True):
    """A trial began that is to show whether an opportunity is worth taking."""

    TYPE: ClassVar[str] = "headwind.project.experiment.started.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"experiment": "exp-007", "opportunity": "opp-0042"}

    experiment: Experiment
    opportunity: FromOpportunity = ""


class ExperimentConcluded(Data, frozen=True, kw_only=True):
    """A trial ended with an answer, or without one."""

    TYPE: ClassVar[str] = "headwind.project.experiment.concluded.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "experiment": "exp-007",
        "opportunity": "opp-0042",
        "outcome": "validated",
    }

    experiment: Experiment
    opportunity: FromOpportunity = ""
    outcome: Annotated[
        Literal["validated", "invalidated", "inconclusive"],
        Meta(description="Whether the assumption that was tried held."),
    ]


class ProjectStarted(Data, frozen=True, kw_only=True):
    """A project was given its means and began."""

    TYPE: ClassVar[str] = "headwind.project.project.started.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project": "prj-0101",
        "opportunity": "opp-0042",
        "size_class": "M",
        "planned_end": "2020-11-30T00:00:00Z",
        "planned_cost": 350000,
        "currency": "EUR",
    }

    project: Project
    opportunity: FromOpportunity = ""
    size_class: SizeClass = ""
    planned_end: Annotated[
        Instant | None, Meta(description="When it is planned to finish; absent: not planned.")
    ] = None
    planned_cost: Annotated[
        Cost | None,
        Meta(description="Planned cost in units of the currency; absent: not planned."),
    ] = None
    currency: AnyCurrency = ""


class ProjectPaused(Data, frozen=True, kw_only=True):
    """Work on a project was halted, to be taken up again."""

    TYPE: ClassVar[str] = "headwind.project.project.paused.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project": "prj-0101", "size_class": "M"}

    project: Project
    size_class: SizeClass = ""


class ProjectResumed(Data, frozen=True, kw_only=True):
    """Work on a paused project was taken up again."""

    TYPE: ClassVar[str] = "headwind.project.project.resumed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project": "prj-0101", "size_class": "M"}

    project: Project
    size_class: SizeClass = ""


class ProjectCancelled(Data, frozen=True, kw_only=True):
    """A project ended without its result."""

    TYPE: ClassVar[str] = "headwind.project.project.cancelled.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project": "prj-0102", "size_class": "L"}

    project: Project
    size_class: SizeClass = ""


class ProjectFinished(Data, frozen=True, kw_only=True):
    """A project delivered its result."""

    TYPE: ClassVar[str] = "headwind.project.project.finished.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project": "prj-0101", "size_class": "M"}

    project: Project
    size_class: SizeClass = ""


class ProjectRebaselined(Data, frozen=True, kw_only=True):
    """A project was given a new plan; the earlier ones stay on record."""

    TYPE: ClassVar[str] = "headwind.project.project.rebaselined.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project": "prj-0101",
        "baseline_no": 1,
        "planned_end": "2021-03-31T00:00:00Z",
        "planned_cost": 410000,
        "currency": "EUR",
    }

    project: Project
    baseline_no: Annotated[
        int,
        Meta(ge=0, le=10_000, description="Number of the plan: 0 the first, 1 the first revision."),
    ]
    planned_end: Annotated[
        Instant, Meta(description="When the project is planned to finish by this plan.")
    ]
    planned_cost: Annotated[
        Cost | None,
        Meta(description="Planned cost in units of the currency; absent: not planned."),
    ] = None
    currency: AnyCurrency = ""


class ProjectRated(Data, frozen=True, kw_only=True):
    """A project was given a rating on some scale (red-amber-green, A to F …)."""

    TYPE: ClassVar[str] = "headwind.project.project.rated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "project": "prj-0101",
        "scale": "delivery confidence",
        "rating": "amber",
    }

    project: Project
    scale: Annotated[
        Id, Meta(description="Name and edition of the scale; ratings compare within one only.")
    ]
    rating: Annotated[Id, Meta(description="Rating, as the scale writes it.")]


class ServiceLaunched(Data, frozen=True, kw_only=True):
    """A digital service can be used by those it is for, at least by some of them."""

    TYPE: ClassVar[str] = "headwind.project.service.launched.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Building permits online",
        "reach": "pilot",
        "opportunity": "opp-0042",
        "project": "prj-0101",
        "size_class": "M",
    }

    service: Service
    reach: Annotated[
        Literal["pilot", "partial", "full"],
        Meta(description="Whom it reaches: a trial group, some of the intended users, all."),
    ]
    opportunity: FromOpportunity = ""
    project: Annotated[Name, Meta(description='Project that built it; "" is none.')] = ""
    size_class: SizeClass = ""


class ServiceScaled(Data, frozen=True, kw_only=True):
    """A service is now used by this share of the units it is meant for."""

    TYPE: ClassVar[str] = "headwind.project.service.scaled.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Building permits online",
        "share_of_units": 0.35,
    }

    service: Service
    share_of_units: Annotated[
        Share, Meta(description="Share of the intended units that use it, 0 to 1.")
    ]


class DecisionRequested(Data, frozen=True, kw_only=True):
    """Somebody needs a decision; ``time`` is when it was laid before those who decide."""

    TYPE: ClassVar[str] = "headwind.project.decision.requested.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "decision": "dec-311",
        "class": "tactical",
        "due": "2020-04-01T00:00:00Z",
    }

    decision: Decision
    decision_class: DecisionClass = field(name="class")
    due: DecisionDue = None


class DecisionMade(Data, frozen=True, kw_only=True):
    """A decision was taken, whichever way it went."""

    TYPE: ClassVar[str] = "headwind.project.decision.made.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"decision": "dec-311", "class": "tactical"}

    decision: Decision
    decision_class: DecisionClass = field(name="class")
    due: DecisionDue = None


class DecisionWithdrawn(Data, frozen=True, kw_only=True):
    """A decision is no longer asked for."""

    TYPE: ClassVar[str] = "headwind.project.decision.withdrawn.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"decision": "dec-312", "class": "operational"}

    decision: Decision
    decision_class: DecisionClass = field(name="class")
    due: DecisionDue = None


class DecisionImplemented(Data, frozen=True, kw_only=True):
    """What was decided is done."""

    TYPE: ClassVar[str] = "headwind.project.decision.implemented.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"decision": "dec-311", "class": "tactical"}

    decision: Decision
    decision_class: DecisionClass = field(name="class")
    due: DecisionDue = None


class DecisionReversed(Data, frozen=True, kw_only=True):
    """What was decided was taken back: the guard beside the speed of deciding."""

    TYPE: ClassVar[str] = "headwind.project.decision.reversed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"decision": "dec-298", "class": "crisis"}

    decision: Decision
    decision_class: DecisionClass = field(name="class")
    due: DecisionDue = None


class ComponentAdopted(Data, frozen=True, kw_only=True):
    """A service began to use a building block."""

    TYPE: ClassVar[str] = "headwind.project.component.adopted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "component": "e-signature",
        "service": "Building permits online",
        "origin": "shared",
    }

    component: Annotated[Id, Meta(description="Building block: sign-on, payment, forms …")]
    service: Service
    origin: Annotated[
        Literal["own", "shared", "external"],
        Meta(description="Whose it is: the agency's own, shared in the group, from outside."),
    ]
