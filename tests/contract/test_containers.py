"""What stands in docker-compose.yml is there: commands, settings, other services, pinned images.

No image is pulled and none is built: the file is parsed, and its commands are looked up.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from deploy.cli import app
from models.settings import Settings
from tests.conftest import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
IMAGE_HOME = Path("/opt/headwind")
EACH = pytest.mark.parametrize("name", sorted(OURS))


@EACH
def test_a_command_is_one_of_ours(name: str) -> None:
    """As headwind has it, with nothing left over."""
    command: Any = get_command(app)
    for word in shlex.split(OURS[name]["command"]):
        command = command.commands[word]
    assert not hasattr(command, "commands"), "a command of commands does nothing by itself"
    assert not [one.name for one in command.params if one.required]


@EACH
def test_its_settings_are_good(name: str) -> None:
    """The file that is named stands in the image, and holds what the service needs."""
    named = OURS[name].get("environment", {}).get("HEADWIND_CONFIG", "")
    file = Path(named) if named else IMAGE_HOME / "deploy" / "container.toml"
    settings = Settings.load(ROOT / file.relative_to(IMAGE_HOME))
    distributed = "distributed" in OURS[name].get("profiles", [])
    assert bool(settings.kafka.servers) is distributed
    store = OURS[name].get("environment", {}).get("HEADWIND_STORE", "")
    assert store.startswith("postgresql://") is distributed


@EACH
def test_it_may_do_little(name: str) -> None:
    """No right beyond a plain user's, and nothing to write to but its volume."""
    one = OURS[name]
    assert one["read_only"]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]


def test_what_is_waited_for_is_there() -> None:
    """Also under the same profile: otherwise compose refuses the file."""
    for name, one in SERVICES.items():
        needs = set(one.get("depends_on", ()))
        needs |= {one["network_mode"].removeprefix("service:")} if "network_mode" in one else set()
        for other in needs:
            assert SERVICES[other].get("profiles") == one.get("profiles"), (name, other)
        for other, how in one.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert not healthy or "test" in SERVICES[other]["healthcheck"]


def test_images_of_others_are_pinned() -> None:
    """By a version, and not by what is newest."""
    images = [one["image"] for one in SERVICES.values() if "image" in one]
    assert len(images) == 2
    assert all(re.search(r":\d+(\.\d+)*$", image) for image in images)


def test_ports_are_for_this_machine_only() -> None:
    """Nothing is published to others, and volumes that are used are declared."""
    for one in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ()))
        for volume in one.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_brokers_know_the_settings_that_tests_run_with() -> None:
    """Kafka's names of the variables are those of the settings that a real broker was given."""
    from deploy.servers.kafka import ONE_NODE

    known = {
        *ONE_NODE,
        "controller.quorum.voters",
        "listeners",
        "advertised.listeners",
        "log.dirs",
    }
    given = SERVICES["kafka"]["environment"]
    assert {one.removeprefix("KAFKA_").lower().replace("_", ".") for one in given} <= known
