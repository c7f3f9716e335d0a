"""``[kafka]``: what does not fit together is a fault, and TLS is made from the named files."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from connectors._publish_kafka import ANSWER_S
from models.kafka import KafkaSettings, cut_differently, topics
from models.secret import SecretError
from models.settings import Settings, SettingsError
from tests.conftest import missing

FAR = "kafka-1.example.org:9092"
PASSWORD = "not-a-real-one"


def faults(**table: Any) -> list[str]:
    """Every fault of such a table, in words."""
    try:
        Settings.of({"kafka": table})
    except SettingsError as error:
        return [f"{one.where}: {one.what}; {one.hint}" for one in error.faults]
    return []


@pytest.mark.parametrize("server", ["127.0.0.1:9092", "[::1]:9092", "localhost:9092"])
def test_this_machine_may_be_spoken_to_openly(server: str) -> None:
    """What never leaves the machine nobody else reads."""
    assert faults(servers=[server]) == []
    assert KafkaSettings(servers=(server,)).tls() is None


@pytest.mark.parametrize(
    "servers", [[FAR], ["10.0.0.7:9092"], ["127.0.0.1:9092", FAR], ["[2001:db8::1]:9092"]]
)
def test_another_machine_may_not(servers: list[str]) -> None:
    """One of several is enough; with encryption all of them may be far away."""
    said = (
        "[kafka] security: lets everybody read what goes to another machine; "
        'write "SASL_SSL" or "SSL"'
    )
    assert faults(servers=servers) == [said]
    ours = {"security": "SSL", "cert_file": "c.pem", "key_file": "k.pem"}
    assert faults(servers=servers, **ours) == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"user": "headwind"}, "has no use for a user"),
        ({"cert_file": "c.pem"}, "has no use for a user or a certificate"),
        ({"security": "SASL_SSL"}, "user: or password_file is missing"),
        ({"security": "SASL_SSL", "user": "headwind"}, "user: or password_file is missing"),
        ({"security": "SSL"}, "cert_file: or key_file is missing"),
        ({"security": "SSL", "cert_file": "c.pem"}, "cert_file: or key_file is missing"),
        ({"security": "SASL_PLAINTEXT"}, "security"),
        ({"mechanism": "GSSAPI"}, "mechanism"),
        ({"session_timeout": "PT0.5S"}, "session_timeout"),
        ({"session_timeout": "PT10M"}, "session_timeout: is not from 1 to 300 seconds"),
        ({"servers": ["kafka"]}, "servers"),
        ({"servers": ["kafka:9092/"]}, "servers"),
        ({"prefix": "a b"}, "prefix"),
        ({"prefix": ""}, "prefix"),
        ({"partitions": 0}, "partitions"),
        ({"replicas": 0}, "replicas"),
        ({"retention": 0}, "retention"),
        ({"retenton": 9}, "retenton"),
    ],
)
def test_what_does_not_fit_is_a_fault(table: dict[str, Any], words: str) -> None:
    """One fault, at its place, with a hint."""
    found = faults(**{"servers": ["127.0.0.1:9092"]} | table)
    assert len(found) == 1, found
    assert found[0].startswith("[kafka] ")
    assert words in found[0]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate that vouches for itself, its key, and a password."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing("no openssl here; on Debian: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=headwind", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    password = folder / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    return folder


def test_a_certificate_of_ours(files: Path) -> None:
    """Files are read; the broker's certificate and name are checked; nothing older than TLS 1.2."""
    settings = KafkaSettings(
        servers=(FAR,),
        security="SSL",
        ca_file=str(files / "cert.pem"),
        cert_file=str(files / "cert.pem"),
        key_file=str(files / "key.pem"),
    )
    context = settings.tls()
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1
    options = settings.client()
    assert options["security_protocol"] == "SSL"
    assert not {name for name in options if name.startswith("sasl")}


def test_a_broker_that_came_back_is_found_soon() -> None:
    """A client tries again many times within the patience of a sender."""
    assert 10 * KafkaSettings().client()["reconnect_backoff_max_ms"] <= 1000 * ANSWER_S


def test_a_password(files: Path) -> None:
    """It is read from its file, and stands in no text of the settings."""
    settings = KafkaSettings(
        servers=(FAR,),
        security="SASL_SSL",
        ca_file=str(files / "cert.pem"),
        user="headwind",
        password_file=str(files / "password"),
    )
    options = settings.client()
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == (
        "headwind",
        PASSWORD,
    )
    assert isinstance(options["ssl_context"], ssl.SSLContext)
    assert PASSWORD not in repr(settings)


def test_files_that_cannot_be_used(files: Path) -> None:
    """A name that is wrong, a file that is no certificate, a password that is not there."""
    ours: dict[str, Any] = {
        "cert_file": str(files / "cert.pem"),
        "key_file": str(files / "key.pem"),
    }
    for broken in (
        ours | {"cert_file": str(files / "none.pem")},
        ours | {"key_file": str(files / "password")},
        ours | {"ca_file": str(files / "password")},
    ):
        with pytest.raises(OSError):  # noqa: PT011 (ssl's own words differ by its version)
            KafkaSettings(servers=(FAR,), security="SSL", **broken).tls()
    with pytest.raises(SecretError, match="password_file"):
        KafkaSettings(password_file=str(files / "nothing")).password()


def test_what_topics_must_be() -> None:
    """Four of them, by agency or by group, cut alike; copies as the settings say."""
    made = topics(KafkaSettings(prefix="city", partitions=5, replicas=3, retention=7))
    assert {one.name: one.key for one in made} == {
        "city.events": "agency",
        "city.summaries": "group",
        "city.refused": "agency",
        "city.notices": "agency",
    }
    assert {one.partitions for one in made} == {5}
    assert {one.config["retention.ms"] for one in made} == {str(7 * 86_400_000)}
    assert {one.config["min.insync.replicas"] for one in made} == {"2"}
    assert "city.events has 5 partitions" in cut_differently("city.events", 5, 6)
