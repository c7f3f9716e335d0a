"""Whether everything that is sent arrives, is worked on, and is told to those who asked."""

from __future__ import annotations

from dashboards import pipeline_questions as questions
from dashboards import provenance_questions
from dashboards.arrival_cells import SILENT
from dashboards.board import Board
from dashboards.panel import Live, Meter, Panel


def _rate(counter: str, label: str) -> Live:
    return Live(f"sum by ({label}) (rate({counter}[$__rate_interval]))", f"{{{{{label}}}}}")


def _slowest(histogram: str, label: str) -> Live:
    """What 95 of 100 took at most."""
    rate = f"sum by (le, {label}) (rate({histogram}_bucket[$__rate_interval]))"
    return Live(f"histogram_quantile(0.95, {rate})", f"{{{{{label}}}}}")


BOARD = Board(
    uid="headwind-pipeline",
    title="Pipeline",
    question="Does everything that is sent arrive, and is everybody told?",
    states=SILENT,
    reading=(
        (
            "An event is sent, taken or refused at the door, written to the log, applied by the "
            "engine; what lasts becomes an alert, which is told to each receiver that asked for it."
        ),
        (
            "A log that is written further than it is applied is work in hand; for longer than "
            "five minutes nobody does it: see headwind doctor."
        ),
        (
            "Data is complete up to where the slowest live source of an agency has come; values "
            "of a window close only then. A silent source holds nothing back."
        ),
        (
            "Held back is for quiet hours and silences, and is told when they end. Given up is "
            "after 27 hours of trying, or when the receiver says never: headwind notify retry."
        ),
    ),
    meters=(
        Meter(
            title="Events taken and refused, now",
            description="Events a second that came to the door, by what it said, as it was known "
            "then; n is what was counted in the step.",
            unit="cps",
            lives=(_rate("headwind_events_total", "outcome"),),
        ),
        Meter(
            title="Problems by code, now",
            description="Problems a second of events that door or engine refused, by code, as it "
            "was known then; one event may have several.",
            unit="cps",
            lives=(_rate("headwind_refused_total", "code"),),
        ),
        Meter(
            title="Records waiting, now",
            description="Records of the log that are not applied yet, by stage, and messages that "
            "workers have still to take, by topic; n is the number itself.",
            unit="locale",
            lives=(
                Live("max by (stage) (headwind_lag_records)", "{{stage}}"),
                Live(
                    "sum by (topic) (max by (topic, partition) (headwind_worker_lag_records))",
                    "topic {{topic}}",
                ),
            ),
        ),
        Meter(
            title="Written and applied over time, now",
            description="The last position of each log, and the last one that is applied, as it "
            "was known then; where the lines part, work is waiting.",
            unit="locale",
            lives=(
                Live("max by (stage) (headwind_log_position)", "written, {{stage}}"),
                Live("max by (stage) (headwind_applied_position)", "applied, {{stage}}"),
            ),
        ),
        Meter(
            title="How old complete data is, now",
            description="Time since the moment up to which all live sources of an agency have "
            "reported, as it was known then, one line an agency.",
            unit="s",
            lives=(Live("time() - max by (agency) (headwind_watermark_timestamp_seconds)"),),
        ),
        Meter(
            title="Silence of sources, now",
            description="Time since anything came from a source, the ten longest, and how many "
            "sources are silent beyond their allowance, as it was known then.",
            unit="s",
            lives=(
                Live(
                    "topk(10, max by (agency, source) (headwind_source_age_seconds))",
                    "{{agency}} {{source}}",
                ),
            ),
        ),
        Meter(
            title="Sources silent beyond their allowance, now",
            description="How many sources of each agency are silent for longer than they may be, "
            "as it was known then; n is the number itself.",
            unit="none",
            lives=(Live("sum by (agency) (max by (agency, source) (headwind_source_stale))"),),
        ),
        Meter(
            title="Time to make results durable, now",
            description="What 95 of 100 transactions of the engine took at most, by stage, as it "
            "was known then; n is the transactions of the step.",
            unit="s",
            lives=(_slowest("headwind_commit_seconds", "stage"),),
        ),
        Meter(
            title="Notifications waiting and told, now",
            description="Notifications that wait for their receiver, and those tried a second by "
            "outcome, as it was known then; n is the number itself.",
            unit="none",
            lives=(
                Live("max by (channel) (headwind_outbox_pending)", "waiting for {{channel}}"),
                _rate("headwind_delivery_total", "outcome"),
            ),
        ),
        Meter(
            title="Workers: partitions and tasks, now",
            description="Partitions that each worker works on, by topic, and tasks that run in "
            "it, as it was known then; empty where one process does it all.",
            unit="none",
            lives=(
                Live("sum by (instance, topic) (headwind_worker_lanes)", "{{instance}} {{topic}}"),
                Live("max by (instance) (headwind_worker_tasks)", "{{instance}} tasks"),
            ),
        ),
        Meter(
            title="Workers: messages and trouble, now",
            description="Messages a second that workers applied or skipped, and what kept them "
            "from it, as it was known then; empty where one process does it all.",
            unit="cps",
            lives=(
                _rate("headwind_worker_messages_total", "outcome"),
                _rate("headwind_worker_trouble_total", "what"),
            ),
        ),
        Meter(
            title="Workers: time to take a partition over, now",
            description="What 95 of 100 takeovers took at most, from being given a partition to "
            "its state being restored; empty where one process does it all.",
            unit="s",
            lives=(_slowest("headwind_worker_given_seconds", "topic"),),
        ),
        Meter(
            title="Which version answers, now",
            description="A line at 1 for each version of program and catalogue that answers, as "
            "it was known then; n is the number of lines.",
            unit="none",
            lives=(
                Live(
                    "max by (version, catalogue_version) (headwind_build_info)",
                    "{{version}}, catalogue {{catalogue_version}}",
                ),
            ),
        ),
    ),
    panels=(
        Panel(
            id="arrivals",
            kind="table",
            title="What each source sent, and what became of it, now",
            description="Each sender of each agency since it was first heard: n taken, repeats "
            "dropped, too late and refused, counted in events; the bar is all of them. Taken is the "
            "share, repeats left out, that counts.",
            unit="events",
            question=provenance_questions.received,
            columns=("agency", "source", "taken", "accepted", "repeats", "late", "refused"),
            rows=40,
            empty="No event has come, taken or refused: issue a key, or load a file.",
        ),
        Panel(
            id="refused",
            kind="table",
            title="Why events were refused lately, now",
            description="The newest 500 refused events at most, of each agency by what is wrong "
            "with them; n is the number of events, one with two problems stands in both rows.",
            unit="events",
            question=provenance_questions.reasons,
            columns=("agency", "problem", "count", "received"),
            rows=40,
            empty="Nothing was ever refused.",
        ),
        Panel(
            id="sources",
            kind="table",
            title="How far each source has come, now",
            description="Each source, of an agency the silent and the slowest first: when its last "
            "event happened and when it came in, and the time up to which all live sources of the "
            "agency have reported; n events are counted above.",
            unit="events",
            question=questions.sources,
            place="foot",
            columns=("agency", "source", "last_time", "last_received", "complete"),
            rows=40,
            empty="No source has sent an event that counts.",
        ),
        Panel(
            id="positions",
            kind="table",
            title="Written and applied, now",
            description="Each log of the engine: n records that are written, n that are applied, "
            "and n that wait, with the age of the oldest of them; lanes are its partitions.",
            unit="records",
            question=questions.positions,
            place="side",
            columns=("stage", "lanes", "written", "applied", "behind"),
            empty="No record was ever applied: no headwind serve and no worker has run here.",
        ),
        Panel(
            id="workers",
            kind="table",
            title="Workers now",
            description="Each worker that was heard within a day: when last, n partitions that it "
            "works on, and n messages that it has not applied yet, with since when that is so.",
            unit="messages",
            question=questions.workers,
            place="side",
            columns=("name", "seen", "lanes", "behind"),
            empty="No worker was heard within a day. There are none where one process does it all "
            "(no [kafka] in the settings).",
        ),
        Panel(
            id="deliveries",
            kind="table",
            title="Who was told of alerts, now",
            description="Each receiver of alerts: n notifications that it took, that are pending, "
            "held back or given up, when it took the last, and how it last answered where it did "
            "not take one.",
            unit="notifications",
            question=questions.deliveries,
            place="side",
            columns=("channel", "told", "pending", "aside", "dead", "delivered", "last_error"),
            empty="No notification: no receiver, [notify.NAME], stands in the settings, or no alert "
            "was decided since one does.",
        ),
        Panel(
            id="untold",
            kind="table",
            title="Alerts that nobody was told of, now",
            description="Of each agency n alerts that were decided and that no receiver had asked "
            "for or was there for, with the first and the last of them.",
            unit="alerts",
            question=questions.untold,
            place="side",
            columns=("agency", "alerts", "start", "end"),
            empty="Each alert that was decided had a receiver.",
        ),
    ),
)
