"""A real Alertmanager shows, groups, inhibits and resolves our alerts, and is drilled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy

from models.settings import NotifySettings
from models.value import Cell
from tests.e2e.serving import until
from tests.integration.alertmanager import SHIPPED, Alertmanager, program
from tests.integration.listening import listening
from tests.integration.records import headwind
from tests.integration.test_notify import NOON, Clock, Listener, alert, put, relay, store

__all__ = ["store"]


@pytest.fixture(scope="module")
def receivers() -> Iterator[Listener]:
    """Where the Alertmanager sends."""
    with listening(Listener()) as server:
        yield server


@pytest.fixture(scope="module")
def manager(
    tmp_path_factory: pytest.TempPathFactory, receivers: Listener
) -> Iterator[Alertmanager]:
    """One Alertmanager for all tests; each has an agency of its own."""
    folder = tmp_path_factory.mktemp("alertmanager")
    made = Alertmanager(folder, f"http://127.0.0.1:{receivers.server_port}")
    yield made
    made.stop()


def pushed(manager: Alertmanager) -> NotifySettings:
    """The settings of a receiver that is this one."""
    return NotifySettings(kind="alertmanager", url=manager.url)


def heard(receivers: Listener, agency: str) -> list[list[tuple[str, str]]]:
    """What arrived behind the Alertmanager about an agency: name and status of each body's alerts."""
    return [
        [(one["labels"]["alertname"], one["status"]) for one in body["alerts"]]
        for body in receivers.accepted
        if body["commonLabels"].get("agency") == agency
    ]


def test_the_shipped_configuration_is_right() -> None:
    """The Alertmanager's own tool finds nothing wrong with it."""
    done = subprocess.run(
        [program("amtool"), "check-config", SHIPPED], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr


def test_it_shows_and_groups_our_alerts(
    manager: Alertmanager, receivers: Listener, store: sqlalchemy.Engine
) -> None:
    """Services of one indicator are one group and one message; the sentence is in it."""
    clock = Clock()
    services = [Cell(service=name) for name in ("building", "parking")]
    put(store, *(alert(name=c.service[0], agency="harbour", cell=c) for c in services))
    put(store, alert(name="c", agency="harbour", indicator="waiting", severity="warning"))
    with relay(store, clock, am=pushed(manager)) as one:
        one.step()
    found = manager.alerts(agency="harbour")
    assert {one["labels"]["service"] for one in found} == {"building", "parking"}
    assert all("below what was expected" in one["annotations"]["summary"] for one in found)
    assert {one["generatorURL"] for one in found} == {"/agency/harbour"}
    groups = [one for one in manager.groups() if one["labels"].get("agency") == "harbour"]
    sizes = {one["labels"]["indicator"]: len(one["alerts"]) for one in groups}
    assert sizes == {"demand": 2, "waiting": 1}
    until(lambda: [("IndicatorOff", "firing")] in heard(receivers, "harbour"))


def test_a_silent_source_inhibits_its_agency(
    manager: Alertmanager, store: sqlalchemy.Engine
) -> None:
    """While SourceStale stands, what the agency's indicators say is suppressed; no other's is."""
    stale = alert(
        name="s", agency="quay", alertname="SourceStale", indicator="", cell=Cell(),
        severity="warning", evidence={"source": "crm"},
    )  # fmt: skip
    put(store, alert(name="a", agency="quay"), alert(name="b", agency="dunes"), stale)
    with relay(store, Clock(), am=pushed(manager)) as one:
        one.step()

    def state(agency: str, name: str) -> str:
        (found,) = manager.alerts(agency=agency, alertname=name)
        return str(found["status"]["state"])

    until(lambda: state("quay", "IndicatorOff") == "suppressed")
    until(lambda: state("quay", "SourceStale") == "active")
    until(lambda: state("dunes", "IndicatorOff") == "active")


def test_a_monitor_that_is_down_inhibits_what_it_said(
    manager: Alertmanager, store: sqlalchemy.Engine
) -> None:
    """What Prometheus tells of the monitor itself holds back indicators and silent sources."""
    agency = "reef"
    stale = alert(
        name="s", agency=agency, alertname="SourceStale", indicator="", cell=Cell(),
        severity="warning", evidence={"source": "crm"},
    )  # fmt: skip
    put(store, alert(name="a", agency=agency), stale)
    with relay(store, Clock(), am=pushed(manager)) as one:
        one.step()

    def states() -> set[str]:
        return {one["status"]["state"] for one in manager.alerts(agency=agency)}

    now = datetime.now(UTC)
    until(lambda: "active" in states())
    manager.take(now, 5, alertname="PipelineDown", severity="critical")
    until(lambda: states() == {"suppressed"})
    manager.take(now, 0, alertname="PipelineDown", severity="critical")
    until(lambda: "active" in states())


def test_it_resolves_what_we_close_after_a_restart(
    manager: Alertmanager, receivers: Listener, store: sqlalchemy.Engine
) -> None:
    """Opened by one relay and closed by the next: it is gone, and its receivers are told so."""
    put(store, alert(agency="lock", severity="critical"))
    with relay(store, Clock(), am=pushed(manager)) as one:
        one.step()
    until(lambda: heard(receivers, "lock") == [[("IndicatorOff", "firing")]])
    put(store, alert(1, "closed", agency="lock", severity="critical"), created=NOON + 1)
    with relay(store, Clock(), am=pushed(manager)) as two:
        two.step()
    assert manager.alerts(agency="lock") == []
    until(lambda: [("IndicatorOff", "resolved")] in heard(receivers, "lock"))


def test_what_stands_is_sent_again_before_it_is_forgotten(
    manager: Alertmanager, store: sqlalchemy.Engine
) -> None:
    """Each minute, and at a start, the moment at which it would be forgotten is put off."""
    clock = Clock()
    put(store, alert(agency="weir"))

    def ends() -> str:
        (found,) = manager.alerts(agency="weir")
        return str(found["endsAt"])

    with relay(store, clock, am=pushed(manager)) as one:
        one.step()
        first = ends()
        clock.now += 59_999
        assert one.step() == 0
        clock.now += 1
        assert one.step() == 1
        second = ends()
    with relay(store, clock, am=pushed(manager)) as two:
        assert two.step() == 1
    assert first < second < ends()


def test_what_gets_worse_is_one_alert(manager: Alertmanager, store: sqlalchemy.Engine) -> None:
    """Its labels changed, so there it is another alert; the milder one is ended."""
    clock = Clock()
    put(store, alert(agency="pier", severity="warning"))
    with relay(store, clock, am=pushed(manager)) as one:
        one.step()
        put(store, alert(1, agency="pier", severity="critical"), created=NOON + 1)
        clock.now += 1
        one.step()
        (found,) = manager.alerts(agency="pier")
        assert found["labels"]["severity"] == "critical"
        put(store, alert(2, "closed", agency="pier", severity="critical"), created=NOON + 2)
        clock.now += 1
        one.step()
        assert manager.alerts(agency="pier") == []


def test_a_silenced_alert_is_not_pushed(manager: Alertmanager, store: sqlalchemy.Engine) -> None:
    """Neither when it opens, nor with what is sent again."""
    from tests.integration.test_notify_holding import silence

    clock = Clock()
    silence(store, agency="mole")
    put(store, alert(agency="mole"))
    with relay(store, clock, am=pushed(manager)) as one:
        one.step()
        clock.now += 60_000
        one.step()
        assert manager.alerts(agency="mole") == []
        clock.now += 3_600_000
        one.step()
        assert len(manager.alerts(agency="mole")) == 1


def test_the_watchdog_goes_to_the_heartbeat(
    manager: Alertmanager, receivers: Listener, store: sqlalchemy.Engine
) -> None:
    """It stands, and its own receiver hears it."""
    beat = NotifySettings(kind="alertmanager", url=manager.url, watchdog=True)
    with relay(store, Clock(), am=beat) as one:
        assert one.step() == 1
    (found,) = manager.alerts(alertname="Watchdog")
    assert found["labels"] == {"alertname": "Watchdog", "severity": "none", "organisation": "Coast"}
    until(lambda: any(body["receiver"] == "heartbeat" for body in receivers.accepted))


def test_a_drill_goes_all_the_way(
    manager: Alertmanager, receivers: Listener, tmp_path: Path
) -> None:
    """The command says that both states were taken, and people hear of it."""
    config = tmp_path / "headwind.toml"
    config.write_text(f'[notify.am]\nkind = "alertmanager"\nurl = "{manager.url}"\n', "utf-8")
    done = headwind("notify", "test", "--hold", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["am  opening  taken", "am  closing  taken"]

    def drills() -> list[str]:
        bodies = [b for b in receivers.accepted if b["groupLabels"].get("alertname") == "Drill"]
        return [body["status"] for body in bodies]

    until(lambda: drills() == ["firing", "resolved"])
