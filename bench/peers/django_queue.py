"""django-tasks with its database backend: the task, and `python -m bench.peers.put django_queue COUNT URL`."""

import django
from django.db import transaction
from django_tasks import task

from bench.peers import send, tokens


@task()
def deliver(url: str, token: str) -> None:
    send(url, token)


def put(count: int, url: str) -> None:
    django.setup()
    with transaction.atomic():
        for token in tokens(count):
            deliver.enqueue(url, token)
