"""``kind = "webhook"``: what reads the webhook of Alertmanager, version 4, which most tools do."""

from __future__ import annotations

from collections.abc import Sequence

from streams.notify.channel import Answer, Channel, Receiver, Told
from streams.notify.payload import webhook
from streams.notify.post import Post


class Webhook(Channel):
    """Posts one body, with all of the alerts in it, to the receiver's address."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self._post = Post()

    def send(self, alerts: Sequence[Told], note: str = "") -> Answer:  # noqa: ARG002 (for people)
        """Post the body."""
        return self._post(self.receiver, webhook(self.receiver.name, alerts, self.receiver.page))

    def close(self) -> None:
        """Let go of the network."""
        self._post.close()
