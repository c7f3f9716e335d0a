"""Schemathesis against the door's own OpenAPI: every answer is one that the document names."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from litestar.testing import TestClient
from schemathesis.specs.openapi import checks as openapi_checks

from connectors import _keys
from connectors._door import door_app
from connectors._publish import EmbeddedPublisher
from models.settings import DoorSettings
from models.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from litestar import Litestar

BUDGET_S = 16.0


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: object, value: object) -> bytes:
    """Write lines as they are, anything else as JSON."""
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[Litestar, str]]:
    """A door and a key to it."""
    engine = open_store(str(tmp_path / "headwind.db"))
    settings = DoorSettings(max_body=65_536, rate_per_second=0)
    with engine.begin() as connection:
        key = _keys.issue(connection, "parks", now=1)
    app = door_app(engine, EmbeddedPublisher(engine), settings, clock=lambda: 1_600_000_000_000)
    yield app, key
    engine.dispose()


def test_every_answer_is_as_documented(door: tuple[Litestar, str]) -> None:
    """No generated request, right or wrong, gets a 500 or an answer the document does not have."""
    app, key = door
    schema = schemathesis.openapi.from_asgi("/schema/openapi.json", app)
    found: list[Any] = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]
    operations = [one for one in found if not one.path.startswith("/schema/")]
    assert {operation.path for operation in operations} >= {"/events", "/refused", "/ping"}
    deadline = time.monotonic() + BUDGET_S
    for number, operation in enumerate(operations):
        share = (deadline - time.monotonic()) / (len(operations) - number)
        _fuzz(operation, key, until=time.monotonic() + share)


def _fuzz(operation: Any, key: str, *, until: float) -> None:
    cases = st.one_of(
        *(
            operation.as_strategy(generation_mode=mode)
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
        )
    )

    @hypothesis.settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def fuzz(case: Any) -> None:
        if time.monotonic() > until:
            return
        case.headers["Authorization"] = f"Bearer {key}"
        answer = case.call()
        assert answer.status_code < 500
        case.validate_response(
            answer,
            checks=[
                schemathesis.checks.not_a_server_error,
                openapi_checks.status_code_conformance,
                openapi_checks.content_type_conformance,
                openapi_checks.response_schema_conformance,
            ],
        )

    fuzz()


@hypothesis.settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=200) | st.text(alphabet='{}[]":,\n\\ 1e', max_size=60).map(str.encode),
    kind=st.sampled_from(
        [
            "application/cloudevents+json",
            "application/cloudevents-batch+json",
            "application/x-ndjson",
            "application/json",
            "",
        ]
    ),
    encoding=st.sampled_from(["identity", "gzip"]),
)
def test_no_bytes_make_the_door_fail(
    door: tuple[Litestar, str], body: bytes, kind: str, encoding: str
) -> None:
    """Any bytes under any content type get an answer below 500 with a sentence or a receipt."""
    app, key = door
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind, "Content-Encoding": encoding}
    answer = TestClient(app).post("/events", content=body, headers=headers)
    assert answer.status_code in {202, 207, 400, 413, 415, 422}
    assert answer.json().keys() >= {"detail"} or answer.json().keys() >= {"accepted", "refused"}
