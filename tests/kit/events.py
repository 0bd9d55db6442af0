"""What tests of events share: an Events URL, and what came there."""

import json
from collections.abc import Iterable
from typing import Any

from installs.models import EventType
from installs.postbacks import event_settings
from linnapp.models import Application, User
from tests.kit.people import acting
from tests.kit.receivers import Received, Receiver


def send_events(application: Application, url: str, by: User, *events: str) -> None:
    """From now on, these or all."""
    event_settings.choose(application, url=url, events=events or EventType.values, by=acting(by))


def body(received: Received) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(received.body)
    return read


def told(receiver: Receiver) -> list[tuple[str, int]]:
    """Type and number of each event that came, in the order of their coming."""
    return [(event["type"], event["data"]["number"]) for event in map(body, receiver.received)]


def of_each(receiver: Receiver) -> dict[str, list[int]]:
    """The numbers that came, by the installation, or the application where an event is of none."""
    found: dict[str, list[int]] = {}
    for event in map(body, receiver.received):
        data = event["data"]
        found.setdefault(data.get("installation", data["application"])["id"], []).append(data["number"])
    return found


def without_gap(numbers: Iterable[int]) -> bool:
    counted = list(numbers)
    return counted == list(range(1, len(counted) + 1))
