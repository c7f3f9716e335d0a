"""The adapter for Grafana as tests use it: it waits for nothing, and its errors tell no secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from dashboards.annotations import Annotation
from dashboards.grafana_call import GrafanaError
from dashboards.grafana_server import GrafanaServer
from tests.integration.fake_grafana import EDITOR, Fake

DAY = 86_400_000
ONE = Annotation(100 * DAY, 101 * DAY, ("headwind", "kind:alert", "aid:1"), "A fall.")
BOARD = {"uid": "headwind-overview", "title": "Overview", "panels": []}


class Paused:
    """Waits for nothing, and keeps for how long it should have."""

    def __init__(self, *, gives_up: bool = False) -> None:
        self.waits: list[float] = []
        self.gives_up = gives_up

    def __call__(self, seconds: float) -> bool:
        """Whether to give up."""
        self.waits.append(seconds)
        return self.gives_up


@pytest.fixture
def paused() -> Paused:
    """The pauses of the adapter."""
    return Paused()


@pytest.fixture
def server(grafana: Fake, paused: Paused) -> Iterator[GrafanaServer]:
    """The adapter, with the token of an editor."""
    with GrafanaServer(grafana.url, EDITOR, timeout_s=0.5, pause=paused) as one:
        yield one


def refused(call: Callable[[], object]) -> GrafanaError:
    """The error of a call that must fail; it never holds a token, nor does what caused it."""
    with pytest.raises(GrafanaError) as caught:
        call()
    error: BaseException | None = caught.value
    while error is not None:
        assert "glsa_" not in f"{error!r} {error}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert re.search(r": \w", str(caught.value))
    return caught.value
