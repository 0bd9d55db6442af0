"""Where huey finds the jobs: those declared beside their work by import, and the periodic ones here."""

import logging
from collections.abc import Callable

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from installs.connectors import checking
from installs.exchange import hour_lines, hours, records
from installs.help import ends as help_ends
from installs.installations import refused_consents, rotating, update_mails
from installs.postbacks import courier, deciding, parking, retention
from installs.support import notes
from linnapp import bulk_changes, export_files, imports, mail, outbox
from linnapp.services import audit, ends, erasing, knocks, typed
from linnapp.work_figures import counted

log = logging.getLogger(__name__)
# What is dropped each hour; docs/running.md says after how long.
DROPS: tuple[Callable[[], object], ...] = (
    retention.drop_old,
    records.drop_old,
    help_ends.drop_old,
    hour_lines.drop_old,
    refused_consents.drop_old,
    bulk_changes.drop_old,
    export_files.drop_old,
    notes.drop_old,
    outbox.drop_old,
    ends.drop_browser_sessions,
    ends.drop_ended_sign_ins,
    ends.drop_invitations,
    ends.drop_unconfirmed,
    audit.drop_old,
)

__all__ = [
    "bulk_changes",
    "checking",
    "drop_counts_of_attempts",
    "drop_kept_forms",
    "drop_what_is_over",
    "erase_deleted_people",
    "erasing",
    "export_files",
    "fold_exchanges",
    "mail",
    "mail_about_updates",
    "sweep_postbacks",
    "take_up_bulk_changes",
    "take_up_exports",
    "take_up_imports",
    "write_down_ended_tokens",
]


@db_periodic_task(crontab(minute="*"))
def fold_exchanges() -> None:
    hours.fold()
    hours.tell_timeline()


@db_periodic_task(crontab(minute="*"))
def sweep_postbacks() -> None:
    """What a lost job, or a worker that is gone, left behind."""
    deciding.sweep_lapsed()
    parking.free_stranded()
    parking.try_held()
    courier.wake()


@db_periodic_task(crontab(minute="*"))
def write_down_ended_tokens() -> None:
    rotating.write_down_ended()


@db_periodic_task(crontab(minute="*"))
def drop_counts_of_attempts() -> None:
    knocks.drop_over()


@db_periodic_task(crontab(minute="*"))
def drop_kept_forms() -> None:
    typed.drop_over()


@db_periodic_task(crontab(minute="*"))
def take_up_bulk_changes() -> None:
    bulk_changes.take_up()


@db_periodic_task(crontab(minute="*"))
def take_up_imports() -> None:
    imports.take_up()


@db_periodic_task(crontab(minute="*"))
def erase_deleted_people() -> None:
    erasing.take_up()


@db_periodic_task(crontab(minute="*"))
def take_up_exports() -> None:
    export_files.take_up()


# Each hour: a portal that is switched off at night drops them as well.
@db_periodic_task(crontab(minute="30"))
def drop_what_is_over() -> None:
    """A fault with one of them keeps none of the others."""
    for drop in DROPS:
        try:
            with counted(f"{drop.__module__.rpartition('.')[2]}.{drop.__name__}"):
                drop()
        except Exception:
            log.exception("%s broke off, and goes on within the hour", drop.__module__)


@db_periodic_task(crontab(hour="7", minute="15"))
def mail_about_updates() -> None:
    update_mails.send_due()
