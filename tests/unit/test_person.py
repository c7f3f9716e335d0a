"""What looks like a person's data is found; what only resembles it passes."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.person import control_character, person_field, person_text, person_value, unfit

PERSONAL = [
    "jane.doe@example.org",
    "mailto:jane@example.org",
    "Jane <jane@163.com>",
    "jane%40example.org",
    "https://jane:secret@git.example.org/x",
    "jürgen@müller.de",
    "192.168.1.17",
    "host-10.0.0.1",
    "https://10.0.0.5:8080/x",
    "2001:db8::8a2e:370:7334",
    "fe80::1",
    "00:1B:44:11:3A:B7",
    "00-1B-44-11-3A-B7",
    "+32 471 12 34 56",
    "+32471123456",
    "+1 (617) 555-0123",
    "0032 2 555 12 34",
    "(617) 555-0123",
    "617-555-0123",
    "call 617.555.0123 now",
    "0471 12 34 56",
    "0471-12-34-56",
    "06.12.34.56.78",
    "02/555 12 34",
    "020 7946 0958",
    "07700 900123",
    "06-12345678",
]

PLAIN = [
    "",
    "bos-000001",
    "bos-000001-opened",
    "101002345678",
    "2018-06-30",
    "2018-06-30T08:15:00Z",
    "2018-06-30T08:15:00.123+02:00",
    "2018-06-30 08:15:00",
    "01/02/2018 08:15",
    "30.06.2018",
    "case-2018-06-30-0017",
    "2.14.0",
    "v1.2.3.4",
    "1.0.0+20180630",
    "1.3.6.1.4.1.311",
    "dev.cdevents.change.merged.0.1.2",
    "headwind.service.request.opened.v1",
    "urn:file:boston311",
    "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-1234-1234-1234-123456789012",
    "https://example.org/register/2018",
    "https://gitlab.example.org:8443/group/project",
    "git@git.example.org:group/project.git",
    "pkg:oci/permits@2.14.0",
    "pkg:npm/thing@1.0.beta",
    "app@sha256:9f86d081884c7d65",
    "Pothole repair (24 h)",
    "Service 112",
    "3-1-1 Contact Centre",
    "Data Act art. 15",
    "Lean::Board",
    "a1b2c3d4e5f6",
    "00-f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "+5 days",
    "Bürgeramt Köln",
]


@pytest.mark.parametrize("value", PERSONAL)
def test_personal_values_are_found(value: str) -> None:
    """Addresses, numbers and devices are recognised, alone and inside other text."""
    assert person_value(value)
    assert person_value(f"see {value} please")
    assert unfit(["Pothole repair", value]) == {value}


@pytest.mark.parametrize("value", PLAIN)
def test_plain_values_pass(value: str) -> None:
    """Ids, versions, dates, URIs and names of services are left alone."""
    assert person_value(value) == ""
    assert unfit([value]) == set()


@pytest.mark.parametrize(
    "name",
    [
        "name", "first_name", "firstName", "LAST-NAME", "full name", "e-mail", "E_Mail", "mail", "phone",
        "employee", "employee_id", "employeeID", "staff_id", "user", "username", "user_id", "ip",
        "ip_address", "mac", "device", "device-id", "lat", "lon", "latitude", "longitude", "position",
        "address", "street", "birth", "ssn", "national_number", "comment", "description", "text",
        "message", "note", "free_text", "contact_email", "contactEmail", "manager_e_mail",
    ],
)  # fmt: skip
def test_personal_names_are_found(name: str) -> None:
    """A name is recognised however it is written."""
    assert person_field(name)


@pytest.mark.parametrize(
    "name",
    ["service", "channel", "subject", "unit", "kind", "ward", "priority", "textile", "ships"],
)
def test_plain_names_pass(name: str) -> None:
    """Names of things are left alone."""
    assert not person_field(name)


@given(st.from_regex(r"[a-z]{2,5}-[0-9]{4,9}", fullmatch=True))
def test_any_id_passes(value: str) -> None:
    """Letters, a hyphen and a number are an id."""
    assert person_value(value) == ""


@given(st.uuids())
def test_any_uuid_passes(value: object) -> None:
    """A UUID is an id."""
    assert person_value(str(value)) == ""
    assert unfit([str(value), f"urn:uuid:{value}"]) == set()


@given(st.datetimes(min_value=datetime(1000, 1, 1)))  # noqa: DTZ001 (zones come after)
def test_any_time_passes(value: object) -> None:
    """A date and time is no number to call."""
    assert person_value(str(value)) == ""
    assert person_value(str(value).replace(" ", "T") + "+02:00") == ""


@given(st.tuples(*[st.integers(0, 999)] * 3).map(lambda v: ".".join(map(str, v))))
def test_any_version_passes(value: str) -> None:
    """A version of three parts is no address."""
    assert person_value(value) == ""


@given(st.emails())
@example("0@A.A.A.A.A.A.A.A.A.A.COM")
def test_any_mail_address_is_found(value: str) -> None:
    """Any plain mail address is recognised, whatever stands around it."""
    local = value.rpartition("@")[0]
    if local != "git" and not set(local) & set("'/"):
        assert person_value(value)
        assert unfit([f"by {value}"])


@given(st.ip_addresses(v=4))
def test_any_address_of_a_machine_is_found(value: object) -> None:
    """Any IPv4 address is recognised."""
    assert person_value(str(value))


@given(st.from_regex(r"\+[1-9][0-9]{0,1}( ?[0-9]{2}){4,5}", fullmatch=True))
def test_any_international_number_is_found(value: str) -> None:
    """A number with + and a country code is recognised."""
    assert person_value(value)


@given(st.lists(st.text() | st.text("0123456789abf.:-+@%( )/\n\x00", max_size=24), max_size=8))
def test_many_at_once_finds_the_same(values: list[str]) -> None:
    """Looking at many texts finds the same ones as looking at each."""
    expected = {value for value in values if person_value(value) or control_character(value)}
    assert unfit(values) == expected
    assert unfit(values) == expected


@pytest.mark.parametrize(
    "sent",
    [
        b'{"id": "1", "by": "jane@example.org"',
        b'{"by": "jane\\u0040example.org"',
        "{'email': 'x'".encode("utf-16"),
        b'{"first_name": "Jane"',
    ],
)
def test_broken_text_is_looked_at(sent: bytes) -> None:
    """What is not JSON is searched all the same."""
    assert person_text(sent)


def test_broken_text_may_be_plain() -> None:
    """What is not JSON may be free of anything personal."""
    assert not person_text(json.dumps({"id": "bos-000001", "type": "x"}).encode()[:-1])


def test_long_text_is_no_burden() -> None:
    """The search stays linear: 64 KiB of the worst text take well under two seconds."""
    for worst in ("@" + "a" * 65_000, "a.a@" * 16_000, "0 " * 32_000, "1:" * 32_000, "+1" * 32_000):
        person_value(worst)
