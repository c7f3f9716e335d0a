"""``kind = "alertmanager"``: alerts pushed into an Alertmanager, which groups and routes them.

It takes an alert to be over when it has not heard of it for its ``resolve_timeout`` (five
minutes), so what stands is sent again every minute. It knows an alert by all of its labels, the
severity too: an alert that got worse is another one there, and the milder one must be ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from streams.notify.channel import Answer, Channel, Receiver, Told
from streams.notify.post import Post


class Alertmanager(Channel):
    """Posts to ``/api/v2/alerts`` below the receiver's address."""

    exact: ClassVar[bool] = True
    forgets_ms: ClassVar[int] = 60_000

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self._post = Post()

    def send(self, alerts: Sequence[Told], note: str = "") -> Answer:  # noqa: ARG002 (for people)
        """Post the alerts; one that is over has an end."""
        return self._post(self.receiver, [_pushed(one) for one in alerts], "/api/v2/alerts")

    def close(self) -> None:
        """Let go of the network."""
        self._post.close()


def _pushed(alert: Told) -> dict[str, Any]:
    names = ["labels", "annotations", "startsAt", "generatorURL"]
    if alert["status"] == "resolved":
        names.append("endsAt")
    return {name: alert[name] for name in names}
