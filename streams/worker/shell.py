"""The shell: Faust's app, with two agents that hand chunks to the lanes.

No tables, no ``take``, one agent task a topic: state, position and results are the lanes' and
the store's, and Faust keeps membership, fetching and heartbeats. An exception of an agent would
have its event acknowledged, so none leaves one: what cannot be applied is fetched again, or the
worker stops.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import faust
import structlog

from models.kafka import KafkaSettings
from streams.worker.gather import Gather, spans
from streams.worker.health import Health
from streams.worker.lanes import EVENTS, SUMMARIES, Lanes, LogLostError, Outcome, Part
from streams.worker.transport import ChunkConsumer, ChunkTransport

REST_S: Final = 1.0
"""How long a partition rests before it is fetched again after trouble."""

LOOKS: Final = 3
"""How often a broker is asked before it is believed that its log ends too early."""

KEEP_S: Final = 2.0
"""How often a worker looks after itself."""

log = structlog.get_logger()


class Shell:
    """A worker's Faust app around its lanes."""

    def __init__(self, settings: KafkaSettings, lanes: Lanes, health: Health) -> None:
        self.lanes = lanes
        self.health = health
        self.fault: BaseException | None = None
        """What stopped the worker, if it was not asked to stop."""
        self._settings = settings
        self._names = {settings.topic(topic): topic for topic in (EVENTS, SUMMARIES)}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="lane")
        self.app = self._app(health.name)
        self._over = asyncio.Event()
        self._given = False
        self._gather = Gather(self._take)
        self._resting: dict[Any, asyncio.Task[None]] = {}

    def _app(self, name: str) -> faust.App:
        settings = self._settings
        heartbeat = min(3.0, settings.session_timeout_s / 3)
        app = faust.App(
            f"{settings.prefix}.workers",
            broker=[f"kafka://{server}" for server in settings.servers],
            broker_credentials=_credentials(settings),
            broker_client_id=name,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=heartbeat,
            broker_request_timeout=max(40.0, settings.session_timeout_s),
            broker_commit_interval=1.0,
            broker_max_poll_records=20_000,
            consumer_max_fetch_size=4 * 1024 * 1024,
            # Kept off: each of these would keep state, ask for topics, or open a port of its own.
            table_standby_replicas=0,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            store="memory://",
            # The store knows what is applied: nothing need be waited for when partitions go.
            stream_wait_empty=False,
            stream_buffer_maxsize=16,
        )
        transport = ChunkTransport(app.conf.broker_consumer, app)
        transport.asked = self._asked
        app.transport = transport
        for topic in (EVENTS, SUMMARIES):
            self._agent(app, topic)
        app.on_partitions_revoked.connect(self._revoked)
        return app

    def _agent(self, app: faust.App, name: str) -> None:
        topic = app.topic(
            self._settings.topic(name), key_type=bytes, value_type=bytes, value_serializer="raw"
        )

        async def agent(stream: Any) -> None:
            async for event in stream.noack().events():
                await self._gather.add(event.message.tp, event)

        app.agent(topic, name=f"{self._settings.prefix}.{name}")(agent)

    async def _take(self, tp: Any, events: Sequence[Any]) -> None:
        part = Part(self._names[tp.topic], tp.partition)
        messages = [one for event in events for one in event.message.value]
        outcome = Outcome.DONE
        try:
            for some in spans(messages):
                outcome = await self._run(self.lanes.take, part, some)
                if outcome is not Outcome.DONE:
                    break
        except Exception as error:  # noqa: BLE001 (nobody else hears of it)
            self.stop(error)
            return
        if outcome is Outcome.DONE:
            for event in events:
                event.ack()
            return
        # By then a worker that was taken for dead has heard that its partitions are another's.
        rest = REST_S if outcome is Outcome.AGAIN else 2 * self._settings.session_timeout_s
        if tp not in self._resting:
            self._resting[tp] = asyncio.create_task(self._again(tp, rest))

    async def _again(self, tp: Any, rest: float) -> None:
        """Fetch a partition again after a rest, if it still is ours; what comes until then waits."""
        consumer = cast("ChunkConsumer", self.app.consumer)
        try:
            await asyncio.sleep(rest)
            while tp in consumer.assignment():
                try:
                    await consumer.again(tp)
                except Exception as error:  # noqa: BLE001 (the broker may be gone for a while)
                    what = type(error).__name__
                    log.warning("seek.trouble", partition=tp.partition, said=what)
                    await asyncio.sleep(REST_S)
                else:
                    return
        finally:
            self._resting.pop(tp, None)

    async def _asked(self, tp: Any) -> int:
        """Where a partition goes on; waits for as long as the store does not answer.

        Nowhere, with 0, once the worker is to stop: what is fetched then finds no lane.
        """
        part = Part(self._names[tp.topic], tp.partition)
        while self.fault is None:
            try:
                at: int = await self._run(self.lanes.given, part)
                wrong = await self._wrong(tp, part, at)
            except Exception as error:  # noqa: BLE001
                log.warning("lane.trouble", partition=tp.partition, said=type(error).__name__)
                await asyncio.sleep(REST_S)
            else:
                if wrong is not None:
                    self.stop(wrong)
                self._given = wrong is None
                return at
        return 0

    async def _wrong(self, tp: Any, part: Part, at: int) -> LogLostError | None:
        """What keeps a partition from going on where it stands; brokers may be wrong for a while."""
        consumer = cast("ChunkConsumer", self.app.consumer)
        for _ in range(LOOKS):
            first = (await consumer.earliest_offsets(tp))[tp]
            end = (await consumer.highwaters(tp))[tp]
            wrong = self.lanes.ahead(part, at, first, end)
            if wrong is None or at < first:
                return wrong
            await asyncio.sleep(REST_S)
        return wrong

    async def _revoked(self, *said: Any, **_: Any) -> None:
        revoked = said[-1]
        for tp in revoked:
            self._gather.drop(tp)
            self.lanes.taken_away(Part(self._names[tp.topic], tp.partition))

    async def _run(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    # --- life ---------------------------------------------------------------------------------

    def stop(self, fault: BaseException | None = None) -> None:
        """Have :meth:`run` end: because it was asked to, or because it cannot go on."""
        if fault is not None and self.fault is None:
            self.fault = fault
            log.error("worker.fault", fault=type(fault).__name__, said=str(fault))
        self._over.set()

    async def run(self, deadline_s: float) -> None:
        """Work until :meth:`stop`; then leave the group, within a deadline."""
        logging.getLogger("aiokafka").setLevel(logging.ERROR)
        self.health.ready = lambda: self._given and not self._over.is_set()
        self.health.lives = lambda: self.fault is None
        await self.app.start()
        keeping = asyncio.create_task(self._keep())
        try:
            await self._over.wait()
        finally:
            for task in (keeping, *self._resting.values()):
                task.cancel()
            self._gather.close()
            try:
                await asyncio.wait_for(self.app.stop(), deadline_s)
            except TimeoutError:
                log.warning("worker.deadline", seconds=deadline_s)
            self._threads.shutdown(wait=True)
            self.lanes.close()

    async def _keep(self) -> None:
        """Tell what is left to tell, say that we live, and stop where Faust has died unseen."""
        while True:
            await asyncio.sleep(KEEP_S)
            dead = next((one for one in self._services() if one.crashed), None)
            if dead is not None:
                self.stop(dead.crash_reason or RuntimeError(f"{dead.label} has died"))
                return
            try:
                await self._run(self.lanes.tell_rest)
                await self._run(self.lanes.renew, time.time_ns() // 1_000_000)
                await self._run(self.health.tell, self._lag(), len(asyncio.all_tasks()))
            except Exception as error:  # noqa: BLE001 (the store may be gone for a while)
                log.warning("keep.trouble", said=type(error).__name__)

    def _services(self) -> list[Any]:
        """What Faust runs for us: whichever of them dies, nothing is fetched any more."""
        app: Any = self.app
        return [app, app.topics, app._fetcher, app.consumer, app.consumer._thread]  # noqa: SLF001

    def _lag(self) -> dict[Part, int]:
        """How many messages each partition is behind what the broker last told."""
        consumer = self.app.consumer
        found = {}
        for tp in consumer.assignment():
            part = Part(self._names[tp.topic], tp.partition)
            at, end = self.lanes.stand().get(part), consumer.highwater(tp)
            if at is not None:
                found[part] = max((end or 0) - at, 0)
        return found


def _credentials(settings: KafkaSettings) -> Any:
    if settings.security == "PLAINTEXT":
        return None
    context = settings.tls()
    if settings.security == "SSL":
        return faust.SSLCredentials(context)
    return faust.SASLCredentials(
        username=settings.user,
        password=settings.password(),
        ssl_context=context,
        mechanism=settings.mechanism,
    )
