"""Kafka: where it is, how to get in, and the topics, all in one place.

Events are keyed by agency and summaries by group. The partition of a key is that of Kafka's own
default (murmur2), so that an agency may produce by itself; a key in another partition is refused.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from models.duration import Duration, duration_ms
from models.fault import Fault, place
from models.secret import secret_file

MAX_BODY: Final = 256 * 1024
"""Bytes of events from which a message is cut in two."""

MAX_MESSAGE: Final = 8 * 1024 * 1024
"""Largest message that is read; a larger one is refused for its size, unread."""

DAY_MS: Final = 86_400_000

Server = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$",
        description='host and port such as "kafka-1.example.org:9092"',
    ),
]
Prefix = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$",
        description="letters, digits, '.', '_' and '-'",
    ),
]
Partitions = Annotated[int, Meta(ge=1, le=1000, description="a whole number from 1 to 1000")]
Replicas = Annotated[int, Meta(ge=1, le=9, description="a whole number from 1 to 9")]
Days = Annotated[int, Meta(ge=1, le=36_500, description="whole days, from 1 to 36500")]


class KafkaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[kafka]``: with servers named, the engine runs as workers on Kafka and PostgreSQL."""

    servers: tuple[Server, ...] = ()
    """Brokers to ask first; none: one process does it all, without Kafka."""
    prefix: Prefix = "headwind"
    """What the names of topics and groups begin with: one for each monitor on a cluster."""
    partitions: Partitions = 12
    """Into how many parts the log is cut: most workers that can share the work. Never changed."""
    replicas: Replicas = 3
    """Brokers that keep a copy of each part."""
    retention: Days = 90
    """Days for which events stay in Kafka; the state and all results outlive them."""
    security: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = "PLAINTEXT"
    """PLAINTEXT on this machine only; SSL with a certificate of ours, or SASL_SSL with a password."""
    ca_file: str = ""
    """Certificates that vouch for the brokers; empty: those of the system."""
    cert_file: str = ""
    """Our own certificate, with those that vouch for it."""
    key_file: str = ""
    """The key of our certificate."""
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """How the password is shown to the broker."""
    user: str = ""
    """As whom we come in, where a password is asked."""
    password_file: str = ""
    """File that holds the password."""
    session_timeout: Duration = "PT6S"
    """Silence after which a worker's partitions go to another one."""

    @property
    def session_timeout_s(self) -> float:
        """Silence in seconds after which a worker counts as gone."""
        return duration_ms(self.session_timeout) / 1000

    def topic(self, name: str) -> str:
        """The full name of a topic."""
        return f"{self.prefix}.{name}"

    def faults(self) -> Iterator[Fault]:
        """What does not fit together."""
        for name, what, hint in self._odd():
            yield Fault(place(("kafka", name)), what, hint)

    def _odd(self) -> Iterator[tuple[str, str, str]]:
        if self.security == "PLAINTEXT":
            if any(not _is_here(server) for server in self.servers):
                yield (
                    "security",
                    "lets everybody read what goes to another machine",
                    'write "SASL_SSL" or "SSL"',
                )
            if self.user or self.password_file or self.cert_file:
                yield "security", "has no use for a user or a certificate", 'write "SASL_SSL"'
        if self.security == "SASL_SSL" and not (self.user and self.password_file):
            yield "user", "or password_file is missing", "name both, or use SSL with a certificate"
        if self.security == "SSL" and not (self.cert_file and self.key_file):
            yield "cert_file", "or key_file is missing", "name both, or use SASL_SSL"
        if not 1 <= self.session_timeout_s <= 300:
            yield "session_timeout", "is not from 1 to 300 seconds", 'write one such as "PT6S"'

    def tls(self) -> ssl.SSLContext | None:
        """What a connection is made with; None without encryption.

        Raises OSError or ssl.SSLError where a file cannot be used.
        """
        if self.security == "PLAINTEXT":
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context

    def password(self) -> str:
        """The password. Raises SecretError where it cannot be read."""
        return secret_file(Path(self.password_file), "password_file")

    def client(self) -> dict[str, Any]:
        """What every client of kafka-python is made with."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "client_id": self.prefix,
            "security_protocol": self.security,
            "bootstrap_timeout_ms": 10_000,
            # The client's own half a minute would outlast the patience of whoever sends.
            "reconnect_backoff_max_ms": 1000,
        }
        if self.security != "PLAINTEXT":
            options["ssl_context"] = self.tls()
        if self.security == "SASL_SSL":
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.user
            options["sasl_plain_password"] = self.password()
        return options


class Topic(NamedTuple):
    """One topic; ``key`` is what its messages are keyed by, ``config`` as the broker calls it."""

    name: str
    key: Literal["agency", "group"]
    partitions: int
    config: dict[str, str]


def topics(settings: KafkaSettings) -> tuple[Topic, ...]:
    """Every topic there is, each with what the broker must be told of it."""
    common = {
        "cleanup.policy": "delete",
        "retention.ms": str(settings.retention * DAY_MS),
        "min.insync.replicas": str(min(2, settings.replicas)),
        "max.message.bytes": str(MAX_MESSAGE),
        # When the broker took it: nobody can set that, and retention counts from there.
        "message.timestamp.type": "LogAppendTime",
    }
    return (
        Topic(settings.topic("events"), "agency", settings.partitions, common),
        Topic(settings.topic("summaries"), "group", settings.partitions, common),
        Topic(settings.topic("refused"), "agency", settings.partitions, common),
        Topic(settings.topic("notices"), "agency", settings.partitions, common),
    )


def cut_differently(name: str, have: int, wanted: int) -> str:
    """What to say where a topic has another number of partitions than the settings."""
    return (
        f"{name} has {have} partitions, the settings say {wanted}: write partitions = {have} under "
        "[kafka]; the log of an agency may never move to another partition"
    )


def _is_here(server: str) -> bool:
    host = server.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
