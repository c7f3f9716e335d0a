"""What stands in the compose files is there: commands, settings, other services, pinned images.

No image is pulled and none is built: the files are parsed, and what they name is looked up.
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

PLAIN = ROOT / "docker-compose.yml"
WATCHED = ROOT / "docker-compose.grafana.yml"
EXAMPLE = ROOT / "deploy" / "grafana" / ".env.example"
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
SCRAPED = ROOT / "deploy" / "prometheus" / "container.yml"


def parsed(file: Path) -> Any:
    """What a YAML file holds."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def merged(first: Any, second: Any) -> Any:
    """Two compose files as one: maps join, lists of ports and volumes too, the rest is replaced."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {key: merged(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **both}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    return first if second is None else second


COMPOSE: dict[str, Any] = merged(parsed(PLAIN), parsed(WATCHED))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
WATCHING = ("alertmanager", "grafana", "prometheus")
IMAGE_HOME = Path("/opt/headwind")
EACH = pytest.mark.parametrize("name", sorted(OURS))
WORKERS = [name for name in sorted(OURS) if OURS[name]["command"].startswith("worker")]


@EACH
def test_a_command_is_one_of_ours(name: str) -> None:
    """As headwind has it, with options that it knows and nothing that is missing."""
    command: Any = get_command(app)
    words = shlex.split(OURS[name]["command"])
    while words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), "a command of commands does nothing by itself"
    assert not [one.name for one in command.params if one.required]
    known = {option for one in command.params for option in one.opts}
    assert set(words[::2]) <= known
    assert len(words) % 2 == 0, "each of these options has a value"


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


@pytest.mark.parametrize("name", [*sorted(OURS), *WATCHING, "reader"])
def test_it_may_do_little(name: str) -> None:
    """No right beyond a plain user's, and nothing to write to but its volume."""
    one = SERVICES[name]
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
            # Our own image has a check, of the door.
            own = "build" in SERVICES[other] and "healthcheck" not in SERVICES[other]
            assert not healthy or own or "test" in SERVICES[other]["healthcheck"]


def test_images_of_others_are_pinned() -> None:
    """By a version, and not by what is newest."""
    images = {name: one["image"] for name, one in SERVICES.items() if "build" not in one}
    assert {"grafana", "kafka", "postgresql", "prometheus"} < images.keys()
    for image in images.values():
        assert re.fullmatch(r"[a-z/]+:v?\d+(\.\d+)*", image), image


def test_ports_are_for_this_machine_only() -> None:
    """Nothing is published to others, no port twice."""
    ports = [port for one in SERVICES.values() for port in one.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    # One process, or the front of many: never both.
    ports.remove("127.0.0.1:8080:8080")
    assert len(ports) == len(set(ports)) == 4


def test_what_is_mounted_is_there() -> None:
    """Volumes are declared; files and folders of the checkout exist, and are only read."""
    for name, one in SERVICES.items():
        for mount in one.get("volumes", ()):
            source, _, rest = mount.partition(":")
            if source.startswith("."):
                assert (ROOT / source).exists(), (name, source)
                assert rest.endswith(":ro"), (name, mount)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def variables(file: Path) -> set[str]:
    """Those that compose or Grafana fills in, in what is no comment."""
    lines = file.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return set(re.findall(r"(?<!\$)\$\{?([A-Z_]+)", text))


def test_every_variable_is_named() -> None:
    """In .env.example, which names no other; and Grafana is given all that its files ask for."""
    named = set(re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    asked = set[str]().union(*(variables(file) for file in PROVISIONING.rglob("*.yml")))
    assert asked
    assert asked <= SERVICES["grafana"]["environment"].keys()
    assert variables(WATCHED) == named
    for name in asked:
        assert SERVICES["grafana"]["environment"][name].startswith(f"${{{name}:"), name


def test_nothing_is_required_of_whoever_wants_no_grafana() -> None:
    """Compose fills in variables of all services, those of other profiles too."""
    assert variables(PLAIN) == set()


def test_the_administrator_has_a_password_of_their_own() -> None:
    """There is none to begin with, and without one nothing is started."""
    grafana = SERVICES["grafana"]["environment"]
    assert grafana["GF_SECURITY_ADMIN_PASSWORD"].startswith("${GF_ADMIN_PASSWORD:?")
    assert re.search(r"^GF_ADMIN_PASSWORD=$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    for ignored in (".gitignore", ".dockerignore"):
        lines = (ROOT / ignored).read_text(encoding="utf-8").splitlines()
        assert "deploy/grafana/.env" in lines
        # A later line would let the whole folder in again.
        assert "!deploy" not in lines[lines.index("deploy/grafana/.env") :]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("GF_AUTH_ANONYMOUS_ENABLED", "false"),
        ("GF_USERS_ALLOW_SIGN_UP", "false"),
        ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
        ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
        ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
        ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
        ("GF_NEWS_NEWS_FEED_ENABLED", "false"),
        ("GF_SNAPSHOTS_EXTERNAL_ENABLED", "false"),
        ("GF_SECURITY_DISABLE_GRAVATAR", "true"),
    ],
)
def test_grafana_keeps_to_itself(name: str, setting: str) -> None:
    """Nobody without a name gets in; nothing is fetched from outside or told to it."""
    assert SERVICES["grafana"]["environment"][name] == setting


def test_grafana_begins_with_the_overview() -> None:
    """The first screen is a board that is mounted where its provider looks."""
    mounts = dict(mount.split(":")[1::-1] for mount in SERVICES["grafana"]["volumes"])
    provider = parsed(PROVISIONING / "dashboards" / "headwind.yml")["providers"][0]
    folder = Path(provider["options"]["path"])
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home.parent == folder
    assert (ROOT / mounts[str(folder)] / home.name).is_file()


def test_prometheus_sees_whoever_runs() -> None:
    """Each worker under its own name and port, the front under its own, whichever way it runs."""
    jobs = {
        one["job_name"]: one["static_configs"][0]["targets"]
        for one in parsed(SCRAPED)["scrape_configs"]
    }
    listening = [
        dict(zip(*[iter(shlex.split(OURS[name]["command"])[1:])] * 2, strict=True))
        for name in WORKERS
    ]
    assert len({one["--name"] for one in listening}) == len(WORKERS) >= 2
    assert jobs["headwind-workers"] == [f"worker:{one['--port']}" for one in listening]
    assert jobs["headwind"] == ["front:8080"]
    assert SERVICES["headwind"]["networks"]["default"]["aliases"] == ["front"]
    assert SERVICES["kafka"]["networks"]["default"]["aliases"] == ["front", "worker", "postgresql"]
    for name in (*WORKERS, "front", "postgresql"):
        assert SERVICES[name]["network_mode"] == "service:kafka"
    mounted = {Path(mount.split(":")[1]).name for mount in SERVICES["prometheus"]["volumes"]}
    assert {*parsed(SCRAPED)["rule_files"], SCRAPED.name} < mounted


def test_prometheus_rules_are_those_of_the_other_settings() -> None:
    """The two settings differ in addresses alone."""
    one, other = parsed(SCRAPED), parsed(SCRAPED.with_name("prometheus.yml"))
    for name in ("global", "rule_files"):
        assert one[name] == other[name]
    assert [job["job_name"] for job in one["scrape_configs"]] == [
        job["job_name"] for job in other["scrape_configs"]
    ]


def test_nobody_asks_postgresql_as_its_owner() -> None:
    """Where others reach it, it has rules of its own; they do not stand on its loopback."""
    assert "listen_addresses=127.0.0.1" in parsed(PLAIN)["services"]["postgresql"]["command"]
    command = SERVICES["postgresql"]["command"]
    assert "listen_addresses=*" in command
    rules = next(word for word in command.split() if word.startswith("hba_file="))
    assert any(
        f":{rules.removeprefix('hba_file=')}:ro" in one for one in SERVICES["postgresql"]["volumes"]
    )
    for name in WATCHING:
        assert "network_mode" not in SERVICES[name]


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
