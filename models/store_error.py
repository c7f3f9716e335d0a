"""Why a store cannot be used, each with a sentence for a person."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used; the message says where, why and what to do about it."""


class StoreNameError(StoreError):
    """The store's name is wrong: nothing can be there, or nothing is where something must be."""


class StoreBusyError(StoreError):
    """Another writer held the store for longer than our patience: try again later."""


class StoreFullError(StoreError):
    """The disk is full: nothing was written; free space and try again."""
