"""Who draws marks in Grafana: one process at a time, in a thread that ends when it is told to."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import select

from deploy import annotating
from deploy.distributed import Distributed
from deploy.embedded import Embedded
from deploy.lock import lease
from deploy.servers.postgresql import Postgresql
from models import tables
from models.settings import Settings
from models.store import open_store
from tests.e2e.serving import until
from tests.integration.annotated import (
    annotator,
    settings,
    token,
)
from tests.integration.fake_grafana import Fake, Known, Odd, grafana, known
from tests.integration.test_lease import Unrested
from tests.integration.test_notify import Clock, alert, store
from tests.integration.test_notify_holding import keep

__all__ = ["grafana", "known", "store", "token"]


def test_only_who_leads_writes_and_whoever_takes_over_looks_anew(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """Nothing is asked without the lead; after it was away, what another one did is compared."""
    keep(store, alert())
    one, leads, stop = annotator(store, grafana.url), threading.Event(), Unrested()
    one.attempt(stop, leads.is_set)
    assert known.seen == []
    leads.set()
    one.attempt(stop, leads.is_set)
    assert len(known.annotations) == 1
    leads.clear()
    one.attempt(stop, leads.is_set)
    known.annotations.clear()
    leads.set()
    one.attempt(stop, leads.is_set)
    assert len(known.annotations) == 1


def test_a_lead_that_is_lost_ends_the_writing(
    store: sqlalchemy.Engine, grafana: Fake, known: Known
) -> None:
    """In the middle, before the next one; what is left is no matter of ours, until it is again."""
    keep(store, *(alert(name=f"{n}") for n in range(9)))
    leads = threading.Event()
    leads.set()
    known.wrote = lambda: leads.clear() if len(known.annotations) == 4 else None
    one = annotator(store, grafana.url)
    one.attempt(Unrested(), leads.is_set)
    assert len(known.annotations) == 4
    leads.set()
    one.attempt(Unrested(), leads.is_set)
    assert len(known.annotations) == 9


def test_an_embedded_front_writes(
    tmp_path: Path, grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a thread of its own, from its start to its stop, only where a Grafana is named."""
    monkeypatch.setattr(annotating, "EVERY_S", 0.05)
    path = str(tmp_path / "headwind.db")
    silent = Embedded(path, Settings(), Clock())
    assert "annotate" not in silent.jobs
    silent.stop()
    front = Embedded(path, settings(grafana.url), Clock())
    assert [*front.jobs] == ["engine", "notify", "annotate"]
    front.start()
    keep(front.database, alert(name="a"))
    until(lambda: len(known.annotations) == 1)
    keep(front.database, alert(name="b"))
    until(lambda: len(known.annotations) == 2)
    front.stop()
    assert front.ended()


def test_a_front_stops_though_grafana_hangs(
    tmp_path: Path, grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops waits for one answer at most, and for no other try."""
    monkeypatch.setattr("deploy.annotating.TIMEOUT_S", 0.3)
    known.always = Odd(how="slow")
    front = Embedded(str(tmp_path / "headwind.db"), settings(grafana.url), Clock())
    keep(front.database, alert())
    front.start()
    until(lambda: bool(known.seen))
    front.stop()
    assert front.ended()
    assert known.count("GET") == 1


def test_of_several_fronts_the_one_with_the_lease_writes(
    postgresql: Postgresql, grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins with the lease and ends with it; then another one goes on, and repeats nothing."""
    monkeypatch.setattr(annotating, "EVERY_S", 0.05)
    monkeypatch.setattr("deploy.distributed.LOOK_S", 0.05)
    address = postgresql.database()
    database = open_store(address)
    keep(database, alert(name="a"))
    with lease(database) as held:
        assert held()
        fronts = [Distributed(address, settings(grafana.url), Clock()) for _ in range(2)]
        for front in fronts:
            assert [*front.jobs] == ["lease", "annotate"]
            front.start()
        assert not any(front.leads() for front in fronts)
        assert known.seen == []
    until(lambda: len(known.annotations) == 1)
    (first,) = (front for front in fronts if front.leads())
    (second,) = (front for front in fronts if front is not first)
    first.stop()
    keep(database, alert(name="b"), alert(1, "closed", name="a"))
    until(lambda: len(known.annotations) == 2 and known.count("PATCH") == 1)
    second.stop()
    assert not first.leads()
    assert not second.leads()
    assert (known.count("POST"), known.count("DELETE")) == (2, 0)
    with database.connect() as connection:
        assert len(connection.execute(select(tables.alert)).all()) == 3
    database.dispose()
