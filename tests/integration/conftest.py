"""Each set of real records, loaded once; the tests read the stores and do not change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.made_store import Made, fill
from tests.integration.records import Records, load_into, load_records


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stores."""
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="session")
def boston(data_dir: Path, stores: Path) -> Records:
    """City of Boston 311 requests."""
    return load_records(data_dir, stores, "boston311_events", "boston", "America/New_York")


@pytest.fixture(scope="session")
def vancouver(data_dir: Path, stores: Path) -> Records:
    """City of Vancouver contact centre, daily."""
    name = "vancouver311_contact_centre_daily"
    return load_records(data_dir, stores, name, "vancouver", "America/Vancouver")


@pytest.fixture(scope="session")
def gp(data_dir: Path, stores: Path) -> Records:
    """GP appointments in 23 areas, each an agency of its own, monthly."""
    return load_records(data_dir, stores, "gp_appointments_monthly", "", "Europe/London")


@pytest.fixture(scope="session")
def permits(data_dir: Path, stores: Path) -> Records:
    """Dutch permits, as ``nl`` in local days and once more as ``nl-utc`` in days of UTC."""
    name = "nl_permit_receipt_events"
    records = load_records(data_dir, stores, name, "nl", "Europe/Amsterdam")
    assert load_into(records.store, records.file, name, "nl-utc").returncode == 0
    return records


@pytest.fixture(scope="session")
def govuk(data_dir: Path, stores: Path) -> Records:
    """Merges and releases of the GOV.UK frontend."""
    name = "govuk_frontend_delivery_events"
    return load_records(data_dir, stores, name, "govuk", "Europe/London")


@pytest.fixture(scope="session")
def mobility(data_dir: Path, stores: Path) -> Records:
    """Presence at workplaces in Germany and its Laender, daily."""
    name = "google_mobility_germany_daily"
    return load_records(data_dir, stores, name, "germany", "Europe/Berlin")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small invented store; tests read it and do not change it."""
    small = Made(tmp_path_factory.mktemp("made"))
    fill(small)
    return small
