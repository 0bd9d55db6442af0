"""How tests send through the door out: a postback with a token in it, which arrives or is refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from installs.outbound import Answer, Client, NotSent

TOKEN = "5b1c7a52-3a1f-4c8e-9a54-0d7c2e9f1b60"
PATH = f"/install/{TOKEN}?token={TOKEN}"
BODY = f"Token={TOKEN}".encode()


def sent(client: Client, url: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    return client.post(url + PATH, body=BODY, headers=headers or {}, **more)


def refused(client: Client, url: str, **more: Any) -> NotSent:
    with pytest.raises(NotSent) as told:
        sent(client, url, **more)
    return told.value


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
