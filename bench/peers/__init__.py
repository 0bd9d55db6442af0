"""The queues beside which `make bench` measures deliveries, in a virtual environment of their own."""

import threading
import uuid

import requests

TIMEOUT_SECONDS = 10
kept = threading.local()


def send(url: str, token: str) -> None:
    """What a task does: one request, over a connection that the thread keeps. Neither signed nor logged."""
    if not hasattr(kept, "session"):
        kept.session = requests.Session()
    headers = {"webhook-id": str(uuid.uuid4())}
    kept.session.post(url, json={"token": token}, headers=headers, timeout=TIMEOUT_SECONDS).raise_for_status()


def tokens(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]
