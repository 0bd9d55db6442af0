"""Clients of the door out."""

from collections.abc import Iterator

import pytest

from installs.outbound import Client


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@pytest.fixture
def hurried() -> Iterator[Client]:
    """In half a second all is over."""
    client = Client(total_seconds=0.5)
    yield client
    client.close()


@pytest.fixture
def brief() -> Iterator[Client]:
    """In a quarter of one."""
    client = Client(total_seconds=0.25)
    yield client
    client.close()
