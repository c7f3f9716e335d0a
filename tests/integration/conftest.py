"""Each set of real records, loaded once; the tests read the stores and do not change them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.bench.signals.facts import sets
from tests.bench.signals.findings import loaded
from tests.integration.made_store import Made, fill
from tests.integration.records import Records, load_into


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stores."""
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="session")
def records_of(data_dir: Path, stores: Path) -> Callable[[str], Records]:
    """Gives the store of a set by its name, loaded when it is asked for first."""
    return cache(lambda name: loaded(data_dir, stores, sets()[name]))


@pytest.fixture(scope="session")
def boston(records_of: Callable[[str], Records]) -> Records:
    """City of Boston 311 requests."""
    return records_of("boston311_events")


@pytest.fixture(scope="session")
def vancouver(records_of: Callable[[str], Records]) -> Records:
    """City of Vancouver contact centre, daily."""
    return records_of("vancouver311_contact_centre_daily")


@pytest.fixture(scope="session")
def gp(records_of: Callable[[str], Records]) -> Records:
    """GP appointments in 23 areas, each an agency of its own, monthly."""
    return records_of("gp_appointments_monthly")


@pytest.fixture(scope="session")
def permits(records_of: Callable[[str], Records], stores: Path) -> Records:
    """Dutch permits, as ``nl`` in local days and once more as ``nl-utc`` in days of UTC."""
    first = records_of("nl_permit_receipt_events")
    both = stores / "permits-twice.db"
    for agency in ("nl", "nl-utc"):
        assert load_into(both, first.file, first.name, agency).returncode == 0
    return first._replace(store=both)


@pytest.fixture(scope="session")
def govuk(records_of: Callable[[str], Records]) -> Records:
    """Merges and releases of the GOV.UK frontend."""
    return records_of("govuk_frontend_delivery_events")


@pytest.fixture(scope="session")
def mobility(records_of: Callable[[str], Records]) -> Records:
    """Presence at workplaces in Germany and its Laender, daily."""
    return records_of("google_mobility_germany_daily")


@pytest.fixture(scope="session")
def emergency(records_of: Callable[[str], Records]) -> Records:
    """A&E attendances of 164 providers, each an agency of its own, monthly."""
    return records_of("nhs_ae_monthly")


@pytest.fixture(scope="session")
def transactions(records_of: Callable[[str], Records]) -> Records:
    """Transactions with 402 services of thirteen departments, quarterly."""
    return records_of("govuk_transactions_quarterly")


@pytest.fixture(scope="session")
def spotlight(records_of: Callable[[str], Records]) -> Records:
    """Merges and releases of the Performance Platform's site."""
    return records_of("govuk_spotlight_delivery_events")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small invented store; tests read it and do not change it."""
    small = Made(tmp_path_factory.mktemp("made"))
    fill(small)
    return small
