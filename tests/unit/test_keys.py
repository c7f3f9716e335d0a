"""Agency keys: issuing, authenticating, rotating, revoking, and the short memory of the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors._keys import (
    KeyProblemError,
    Keyring,
    any_usable,
    authenticate,
    issue,
    list_keys,
    revoke,
    rotate,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

NOW = 1_530_316_800_000
DAY = 86_400_000


def identity(key: str) -> str:
    """The public part of a key."""
    return key.split("_")[1]


def test_a_key_opens_its_agency_and_families(store: Engine) -> None:
    """The grant names the agency, the families and the expiry the key was issued with."""
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW, families=["service"], expires=NOW + DAY)
        grant = authenticate(connection, f"Bearer {key}", now=NOW)
    assert key.startswith("hwk_")
    assert grant is not None
    assert (grant.agency, grant.families, grant.expires) == (
        "parks",
        frozenset({"service"}),
        NOW + DAY,
    )


def test_a_key_without_families_opens_all(store: Engine) -> None:
    """No family named means all of them."""
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW)
        grant = authenticate(connection, f"bearer  {key} ", now=NOW)
    assert grant is not None
    assert grant.families is None


def test_the_secret_is_not_kept(store: Engine, tmp_path: Path) -> None:
    """No part of the secret is found in the bytes of the store."""
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW)
    secret = key.split("_", 2)[2].encode()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert identity(key).encode() in held
    assert secret not in held


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 4), slice(0, 20), slice(0, 21)])
def test_a_part_of_a_key_opens_nothing(store: Engine, cut: slice) -> None:
    """A key with its end missing is refused like any other wrong one."""
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW)
        assert authenticate(connection, f"Bearer {key[cut]}", now=NOW) is None


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer hwk__", "Bearer hwk_0_é", "x" * 9999]
)
def test_nonsense_opens_nothing(store: Engine, header: str) -> None:
    """A header that holds no key is refused without an error."""
    with store.connect() as connection:
        assert authenticate(connection, header, now=NOW) is None
    assert Keyring(store, lambda: NOW).authenticate(header) is None


def test_two_keys_of_one_agency_do_not_open_each_other(store: Engine) -> None:
    """The id of one key with the secret of another is refused."""
    with store.begin() as connection:
        first, second = (issue(connection, "parks", now=NOW) for _ in range(2))
        mixed = f"hwk_{identity(first)}_{second.split('_', 2)[2]}"
        assert authenticate(connection, f"Bearer {mixed}", now=NOW) is None


def test_an_expired_key_opens_nothing(store: Engine) -> None:
    """At the moment of expiry a key ends."""
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW, expires=NOW + DAY)
        assert authenticate(connection, f"Bearer {key}", now=NOW + DAY - 1) is not None
        assert authenticate(connection, f"Bearer {key}", now=NOW + DAY) is None


def test_rotation_lets_the_old_key_go_on_for_its_grace(store: Engine) -> None:
    """Both keys work during the grace period, then only the new one, with the same scope."""
    with store.begin() as connection:
        old = issue(connection, "parks", now=NOW, families=["service", "remote"])
        new = rotate(connection, identity(old), now=NOW, grace_ms=DAY)
        for key, moment, works in [
            (old, NOW + DAY - 1, True),
            (new, NOW, True),
            (old, NOW + DAY, False),
            (new, NOW + 999 * DAY, True),
        ]:
            assert (authenticate(connection, f"Bearer {key}", now=moment) is not None) is works
        states = {key.id: key.families for key in list_keys(connection, now=NOW, agency="parks")}
    assert states[identity(new)] == ["remote", "service"]


def test_rotation_never_lengthens_a_key(store: Engine) -> None:
    """A key that ends sooner than the grace period still ends then."""
    with store.begin() as connection:
        old = issue(connection, "parks", now=NOW, expires=NOW + DAY)
        rotate(connection, identity(old), now=NOW, grace_ms=7 * DAY)
        (shown,) = [key for key in list_keys(connection, now=NOW) if key.id == identity(old)]
    assert shown.expires == NOW + DAY


def test_a_revoked_key_is_listed_as_such_and_opens_nothing(store: Engine) -> None:
    """Revoking is final, may be repeated, and leaves a trace."""
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW)
        assert any_usable(connection, now=NOW)
        revoke(connection, identity(key), now=NOW + 1)
        revoke(connection, identity(key), now=NOW + 2)
        (shown,) = list_keys(connection, now=NOW + 3)
        assert (shown.state, shown.revoked) == ("revoked", NOW + 1)
        assert authenticate(connection, f"Bearer {key}", now=NOW + 3) is None
        assert not any_usable(connection, now=NOW + 3)
        with pytest.raises(KeyProblemError, match="is revoked; issue a new key"):
            rotate(connection, identity(key), now=NOW + 4)


def test_wrong_wishes_are_answered_with_a_sentence(store: Engine) -> None:
    """An unknown family, agency, expiry or id is refused with what to do instead."""
    with store.begin() as connection:
        with pytest.raises(KeyProblemError, match="choose among context, project, remote, serv"):
            issue(connection, "parks", now=NOW, families=["finance"])
        with pytest.raises(KeyProblemError, match="needs an agency"):
            issue(connection, " ", now=NOW)
        with pytest.raises(KeyProblemError, match="lies in the past"):
            issue(connection, "parks", now=NOW, expires=NOW)
        with pytest.raises(KeyProblemError, match="no key with this id"):
            revoke(connection, "0" * 16, now=NOW)


def test_the_keyring_forgets_within_five_seconds(store: Engine) -> None:
    """A revoked key may be believed for two seconds, and not for longer."""
    elapsed = [100.0]
    keyring = Keyring(store, lambda: NOW, elapsed=lambda: elapsed[0])
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW)
    assert keyring.authenticate(f"Bearer {key}") is not None
    with store.begin() as connection:
        revoke(connection, identity(key), now=NOW)
    elapsed[0] += 1.0
    assert keyring.authenticate(f"Bearer {key}") is not None
    elapsed[0] += 1.5
    assert keyring.authenticate(f"Bearer {key}") is None


def test_the_keyring_heeds_expiry_at_once(store: Engine) -> None:
    """A remembered key ends at its expiry, not two seconds later."""
    now = [NOW]
    keyring = Keyring(store, lambda: now[0], elapsed=lambda: 0.0)
    with store.begin() as connection:
        key = issue(connection, "parks", now=NOW, expires=NOW + 500)
    assert keyring.authenticate(f"Bearer {key}") is not None
    now[0] += 500
    assert keyring.authenticate(f"Bearer {key}") is None
