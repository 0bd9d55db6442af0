"""Where huey finds the jobs: those declared beside their work by import, and the periodic ones here."""

from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from installs import exchanges
from linnapp import mail

__all__ = ["fold_exchanges", "mail"]


@db_periodic_task(crontab(minute="*"))
def fold_exchanges() -> None:
    exchanges.fold()
    exchanges.tell_timeline()
