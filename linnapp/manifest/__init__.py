"""The manifest: values, reading, snapshots, rules, differences and what it reaches. Floor 0: no ORM, no request."""

from linnapp.manifest.differences import Difference, Field, How, Part, differences
from linnapp.manifest.errors import ManifestError, ManifestInvalid
from linnapp.manifest.hints import NOT_ENCRYPTED, of_token_in_query, warnings
from linnapp.manifest.json_values import MOST_BYTES
from linnapp.manifest.meaning import LONGEST_URL, validate
from linnapp.manifest.mending import Mended, mended
from linnapp.manifest.reach import ConsentLine, consent_lines, newly_reached
from linnapp.manifest.reading import Parsed, parse, parse_json, parse_text
from linnapp.manifest.sizes import MOST_MODULES, MOST_PARAMETERS, size_errors
from linnapp.manifest.snapshots import from_snapshot
from linnapp.manifest.values import (
    HOST,
    LONGEST_NAME,
    Manifest,
    ManifestModule,
    ManifestParameter,
    new_key,
    postback_url,
    preset,
    to_json,
)
from linnapp.manifest.web_addresses import TOKEN, TRACKING
from linnapp.manifest.web_addresses import fault as url_fault

__all__ = [
    "HOST",
    "LONGEST_NAME",
    "LONGEST_URL",
    "MOST_BYTES",
    "MOST_MODULES",
    "MOST_PARAMETERS",
    "NOT_ENCRYPTED",
    "TOKEN",
    "TRACKING",
    "ConsentLine",
    "Difference",
    "Field",
    "How",
    "Manifest",
    "ManifestError",
    "ManifestInvalid",
    "ManifestModule",
    "ManifestParameter",
    "Mended",
    "Parsed",
    "Part",
    "consent_lines",
    "differences",
    "from_snapshot",
    "mended",
    "new_key",
    "newly_reached",
    "of_token_in_query",
    "parse",
    "parse_json",
    "parse_text",
    "postback_url",
    "preset",
    "size_errors",
    "to_json",
    "url_fault",
    "validate",
    "warnings",
]
