"""``kind = "apprise"``: people's channels (e-mail, chat, telephone), over Apprise.

Its addresses (``mailtos://…``, ``slack://…``, ``msteams://…``) hold secrets. They stand in the
file that ``url_file`` names, or in the variable HEADWIND_NOTIFY_NAME_URL (or the file that
HEADWIND_NOTIFY_NAME_URL_FILE names), on one line with spaces between them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import xxhash

from models.secret import SecretError
from streams.notify.channel import Answer, Channel, Receiver, Told
from streams.notify.message import message


class Apprise(Channel):
    """Writes one message to every address; after a failure, to those that have not got it."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self._reached: tuple[int, set[int]] = (0, set())
        """The last message that did not reach all, and whom it reached, both as hashes."""

    def send(self, alerts: Sequence[Told], note: str = "") -> Answer:
        """Write the message."""
        try:
            urls = self.receiver.urls()
        except SecretError as error:
            return Answer(ok=False, permanent=False, says=str(error))
        title, body = message(self.receiver, alerts, note)
        name = xxhash.xxh3_64_intdigest(f"{title}\n{body}".encode())
        reached = self._reached[1] if self._reached[0] == name else set()
        failed = []
        for place, url in enumerate(urls, 1):
            if (address := xxhash.xxh3_64_intdigest(url.encode())) not in reached:
                if trouble := _write(url, title, body, alerts):
                    failed.append(f"address {place} of {len(urls)} {trouble}")
                else:
                    reached.add(address)
        self._reached = (name, reached) if failed else (0, set())
        return Answer(ok=not failed, permanent=False, says="; ".join(failed))


def _write(url: str, title: str, body: str, alerts: Sequence[Told]) -> str:
    """Write to one address; in a few words what went wrong, empty for nothing."""
    import apprise

    # It tells its log what it sends, and where to; what became of it, we say ourselves.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    one = apprise.Apprise()
    if not one.add(url):
        return "is none that Apprise knows"
    firing = any(alert["status"] == "firing" for alert in alerts)
    how = apprise.NotifyType.WARNING if firing else apprise.NotifyType.SUCCESS
    if one.notify(body=body, title=title, notify_type=how, body_format=apprise.NotifyFormat.TEXT):
        return ""
    return "did not take it"
