"""Token buckets: a burst, then the rate, each agency for itself."""

from __future__ import annotations

from connectors._rate import TokenBuckets


def test_a_burst_then_the_rate() -> None:
    """A quiet agency may send its burst at once, then one request each 1/rate seconds."""
    elapsed = [0.0]
    buckets = TokenBuckets(2, lambda: elapsed[0], burst_s=5)
    assert [buckets.take("parks") for _ in range(11)] == [0] * 10 + [1]
    assert buckets.take("police") == 0
    elapsed[0] = 0.5
    assert [buckets.take("parks") for _ in range(2)] == [0, 1]
    elapsed[0] = 1000.0
    assert [buckets.take("parks") for _ in range(11)] == [0] * 10 + [1]


def test_the_wait_is_long_enough() -> None:
    """Whoever waits as long as told is let in."""
    elapsed = [0.0]
    buckets = TokenBuckets(0.3, lambda: elapsed[0], burst_s=1)
    assert buckets.take("parks") == 0
    elapsed[0] = float(buckets.take("parks"))
    assert elapsed[0] == 4.0
    assert buckets.take("parks") == 0


def test_no_rate_is_no_limit() -> None:
    """A rate of 0 lets everything in."""
    buckets = TokenBuckets(0, lambda: 0.0)
    assert {buckets.take("parks") for _ in range(1000)} == {0}
