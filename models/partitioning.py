"""Which partition a key belongs to: as Kafka's own clients have it."""

from __future__ import annotations

from functools import lru_cache

from kafka.partitioner.default import murmur2


@lru_cache(4096)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: that which Kafka's own clients take by default."""
    hashed: int = murmur2(key.encode()) & 0x7FFFFFFF
    return hashed % partitions
