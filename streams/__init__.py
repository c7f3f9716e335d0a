"""The life of an event.

1. It is written to the log by the door or by ``headwind load`` and stays there.
2. ``arrivals`` decodes it; ``agency`` drops repeats and refuses what cannot be counted.
3. ``folding`` lets it change an item, and ``gauge`` adds what changed to panes.
4. When all sources have passed the end of a bucket, the gauge measures it: a value.
5. ``watch`` compares the bucket with what was expected: a signal, perhaps an alert.
6. ``store`` writes all of that in one transaction; ``notify`` tells people.
"""
