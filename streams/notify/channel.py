"""A channel: one way of telling a receiver of alerts, and what the receiver's answer means."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from models.secret import SecretError, secret, secret_file
from models.settings import Settings

RANK = {"info": 0, "warning": 1, "critical": 2}

Told = dict[str, Any]
"""One alert as ``payload`` makes it."""


class Answer(NamedTuple):
    """How a receiver answered; ``wait_ms`` where it said when to come back."""

    ok: bool
    permanent: bool
    says: str
    wait_ms: int = 0


class Receiver:
    """One ``[notify.NAME]``, with what messages to it need of the other settings."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.wants = settings.notify[name]
        self.page = settings.door.public_url.rstrip("/")
        self.zone = ZoneInfo(settings.organisation.timezone)
        self._settings = settings

    def title(self, agency: str) -> str:
        """What people call an agency."""
        return self._settings.agency(agency).title

    def token(self) -> str | None:
        """The bearer token, None for none. Raises SecretError where one is named but missing."""
        return self.wants.token() or secret(self._variable("TOKEN"), os.environ)

    def urls(self) -> list[str]:
        """Where to send to. Raises SecretError where that cannot be had."""
        if self.wants.url:
            return [self.wants.url]
        if self.wants.url_file:
            return secret_file(Path(self.wants.url_file), "url_file").split()
        said = secret(self._variable("URL"), os.environ)
        if said is None:
            message = f"there is no url_file, and {self._variable('URL')} is not set; name one"
            raise SecretError(message)
        return said.split()

    def _variable(self, what: str) -> str:
        return f"HEADWIND_NOTIFY_{re.sub('[^A-Z0-9]', '_', self.name.upper())}_{what}"


class Channel(ABC):
    """Tells one receiver. Nothing that it says or logs holds an address or a secret."""

    exact: ClassVar[bool] = False
    """Whether a receiver knows an alert by all of its labels: a worse one is another one there."""
    forgets_ms: ClassVar[int] = 0
    """How often it must hear again of what stands, or it takes it to be over; 0 for never."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    @abstractmethod
    def send(self, alerts: Sequence[Told], note: str = "") -> Answer:
        """Tell of these alerts at once; ``note`` says to people why now."""

    def close(self) -> None:  # noqa: B027 (most have nothing to let go of)
        """Let go of the network."""


def wants(channel: Channel, alert: Told) -> bool:
    """Whether a receiver asked for alerts of this agency and severity."""
    asked, labels = channel.receiver.wants, alert["labels"]
    if asked.agencies and labels["agency"] not in asked.agencies:
        return False
    return RANK[labels["severity"]] >= RANK[asked.min_severity]
