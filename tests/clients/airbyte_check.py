"""airbyte-source-linnworks against a portal, with nothing changed but where it authorises.

Run with the Python of an environment that holds airbyte-requirements.txt, and with what `manage.py demo_env` prints.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.models import Status, SyncMode
from airbyte_cdk.sources.streams import Stream
from source_linnworks import SourceLinnworks
from source_linnworks.source import LinnworksAuthenticator

PORTAL_URL = os.environ["PORTAL_URL"]


class SourceOfPortal(SourceLinnworks):
    def _auth(self, config: Mapping[str, Any]) -> LinnworksAuthenticator:
        return LinnworksAuthenticator(
            token_refresh_endpoint=f"{PORTAL_URL}/api/Auth/AuthorizeByApplication",
            application_id=config["application_id"],
            application_secret=config["application_secret"],
            token=config["token"],
        )


def main() -> int:
    config = {
        "application_id": os.environ["APPLICATION_ID"],
        "application_secret": os.environ["APPLICATION_SECRET"],
        "token": os.environ["PERMANENT_TOKEN"],
        "start_date": "2024-01-01",
    }
    source = SourceOfPortal()
    result = source.check(logging.getLogger("airbyte"), config)
    sys.stdout.write(f"connection check: {result.status.value}, {result.message or 'no message'}\n")
    if result.status is not Status.SUCCEEDED:
        return 1
    for stream in source.streams(config):
        rows = list(rows_of(stream))
        named = [f"{row['LocationName']}, {row['StockLocationId']}" for row in rows if "LocationName" in row]
        sys.stdout.write(f"{stream.name}: {'; '.join(named) or len(rows)}\n")
    return 0


def rows_of(stream: Stream) -> Iterator[Any]:
    """As a sync reads it: a stream of details asks once for each row of its parent."""
    for part in stream.stream_slices(sync_mode=SyncMode.full_refresh):
        yield from stream.read_records(sync_mode=SyncMode.full_refresh, stream_slice=part)


if __name__ == "__main__":
    sys.exit(main())
