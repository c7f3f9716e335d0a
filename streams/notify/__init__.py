"""Telling people: from the outbox, over the channels of the settings, to whoever asked for it.

1. ``payload`` is what an alert says to a machine, ``message`` what it says to a person.
2. ``relay`` decides what is due now: ``silences``, ``quiet`` hours and grouping hold back.
3. ``channels`` has one way of telling a file, found by being there.
4. ``box`` keeps how far each notification is.

Whether something is an alert is decided elsewhere: all that happens here is holding back.
"""
