"""What ``headwind doctor`` says of indicators of which the settings let nobody open an alert."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.finding import Finding
from models.settings import Settings
from streams.catalogue import catalogue
from streams.detection import disarmed


def disarmed_indicators(settings: Settings) -> Iterator[Finding]:
    """One an indicator; an empty list is a wish, another that has the same effect a mistake."""
    for name, some in settings.detectors.items():
        rhythms = disarmed(catalogue()[name], settings)
        if not rhythms:
            continue
        if not some:
            yield Finding("detectors", "ok", f"nobody looks at {name}, as the settings wish")
            continue
        whose = f"{', '.join(rhythms)} of {name}"
        says = f"{', '.join(some)} open no alert by themselves: none can open for any {whose}"
        own = ", ".join(f'"{one}"' for one in catalogue()[name].detectors)
        fix = f"add some of {own} to [detectors] {name}; [] is nobody at all"
        yield Finding("detectors", "look", says, fix)
