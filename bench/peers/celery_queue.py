"""Celery on Redis: the task, and `python -m bench.peers.put celery_queue COUNT URL`."""

import os

from celery import Celery

from bench.peers import send, tokens

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.broker_transport_options = {"global_keyprefix": os.environ["CELERY_PREFIX"]}
app.conf.task_ignore_result = True


@app.task
def deliver(url: str, token: str) -> None:
    send(url, token)


def put(count: int, url: str) -> None:
    for token in tokens(count):
        deliver.delay(url, token)
