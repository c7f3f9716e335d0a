"""The worker: the same engine, one lane a partition, behind Kafka.

``lanes`` keeps the lanes of one process and decides what becomes of fetched messages;
``transport`` and ``shell`` are what Faust does: membership of the group, fetching, giving back.
The truth about positions lies in the store: the group's own offsets only show how far it is.
"""
