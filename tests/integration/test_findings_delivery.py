"""What is known of a second team's merges and releases, and of incidents, ratings and rules."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tests.integration.records import Records


def test_a_place_tagged_twice_is_one_release(spotlight: Records) -> None:
    """905 tags, of which 41 stand again on two commits: as many releases as places."""
    tags = spotlight.frame.filter(pl.col("event") == "release")
    assert len(tags) == 905
    weeks = spotlight.values("deployment_frequency", span="bucket")
    december = weeks.filter(pl.col("day").dt.year() == 2014, pl.col("day").dt.month() == 12)
    assert december["n"].sum() <= 10
    assert (tags["at"].str.starts_with("2014-12")).sum() == 48
    assert weeks["n"].sum() <= tags["seq"].n_unique()


def test_incidents_are_taken(records_of: Callable[[str], Records]) -> None:
    """5,752 are detected, and each that was ever completed is resolved."""
    incidents = records_of("itsm_incident_transitions")
    done = incidents.frame.filter(pl.col("status") == "Completed")["incident_id"].n_unique()
    assert incidents.accepted("dev.cdevents.incident.detected.0.2.0") == 5_752
    assert incidents.accepted("dev.cdevents.incident.resolved.0.2.0") == done


def test_ratings_are_taken(records_of: Callable[[str], Records]) -> None:
    """Every rating of a major project, whatever its scale, to the department that owns it."""
    ratings = records_of("uk_gmpp_snapshots")
    rated = ratings.frame.drop_nulls("delivery_confidence")
    assert ratings.accepted("headwind.project.project.rated.v1") == len(rated)
    assert ratings.frame["department"].n_unique() == 18


def test_rules_are_taken(records_of: Callable[[str], Records]) -> None:
    """Each change of the rule on workplaces, to its country."""
    rules = records_of("oxcgrt_policy_changes")
    workplaces = rules.frame.filter(pl.col("indicator") == "c2_workplace_closing")
    known = workplaces.drop_nulls("new_level")
    assert rules.accepted("headwind.remote.policy.changed.v1") == len(known)
