"""``headwind topics``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import KafkaError
from rich.markup import escape

from deploy import show
from deploy.options import CONFIG, Config, read_settings
from models.kafka import KafkaSettings, Topic, cut_differently, topics
from models.secret import SecretError

command = typer.Typer(
    help="Topics in Kafka: make them once, and see that they are as they must be.",
    no_args_is_help=True,
)


@command.command("create")
def create(
    config: Config = CONFIG,
    dry_run: Annotated[bool, typer.Option(help="Only say what would be made.")] = False,
) -> None:
    """Make the topics that are not there yet; those that are there are left as they are."""
    settings = read_settings(config).kafka
    with _admin(settings) as admin:
        missing = _missing(admin, settings)
        if missing and not dry_run:
            admin.create_topics([_new(one, settings) for one in missing])
        for one in topics(settings):
            word = "is there" if one not in missing else "would be made" if dry_run else "made"
            show.out.print(f"{escape(one.name)}  {word}  {one.partitions} partitions by {one.key}")
        if _differences(admin, [one for one in topics(settings) if one not in missing]):
            raise typer.Exit(1)


@command.command("check")
def check(config: Config = CONFIG) -> None:
    """Compare the topics with what they must be; exit code 1 where one is missing or differs."""
    settings = read_settings(config).kafka
    with _admin(settings) as admin:
        missing = _missing(admin, settings)
        for one in missing:
            show.out.print(f"{escape(one.name)} is missing; make it: headwind topics create")
        found = [one for one in topics(settings) if one not in missing]
        if _differences(admin, found) or missing:
            raise typer.Exit(1)
    show.out.print("The topics are as they must be.")


def make(settings: KafkaSettings) -> None:
    """Make the topics that are not there yet."""
    with _admin(settings) as admin:
        if missing := _missing(admin, settings):
            admin.create_topics([_new(one, settings) for one in missing])


def _missing(admin: Any, settings: KafkaSettings) -> list[Topic]:
    there = set(admin.list_topics())
    return [one for one in topics(settings) if one.name not in there]


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[Any]:
    if not settings.servers:
        said = "No Kafka is named: write servers under [kafka] in headwind.toml."
        show.err.print(said, markup=False)
        raise typer.Exit(2)
    try:
        admin = KafkaAdminClient(**settings.client())
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        why = getattr(error, "message", "") or type(error).__name__
        servers = ", ".join(settings.servers)
        show.err.print(f"Kafka ({escape(servers)}) did not do that: {escape(str(why))}")
        raise typer.Exit(1) from None
    except (SecretError, OSError) as error:
        show.err.print(escape(str(error)))
        raise typer.Exit(1) from None


def _new(topic: Topic, settings: KafkaSettings) -> NewTopic:
    return NewTopic(
        topic.name, topic.partitions, settings.replicas, topic_configs=dict(topic.config)
    )


def _differences(admin: Any, found: list[Topic]) -> int:
    """Say how topics that are there differ from what they must be; how many things differ."""
    if not found:
        return 0
    told = {one["name"]: one for one in admin.describe_topics([topic.name for topic in found])}
    differing = 0
    for topic in found:
        have = len(told[topic.name]["partitions"])
        if have != topic.partitions:
            differing += 1
            show.out.print(escape(cut_differently(topic.name, have, topic.partitions)))
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
        for name, wanted, is_so in _configs(admin, resource, topic):
            if wanted != is_so:
                differing += 1
                show.out.print(f"{escape(topic.name)}: {name} is {is_so}, and must be {wanted}")
    return differing


def _configs(admin: Any, resource: ConfigResource, topic: Topic) -> Iterator[tuple[str, str, str]]:
    """Name, what it must be, and what it is."""
    held = admin.describe_configs([resource])["topic"][topic.name]
    for name, wanted in topic.config.items():
        yield name, wanted, str(held[name]["value"])
