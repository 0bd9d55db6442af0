"""The manifest: values, reading, rules, differences and what it reaches. Floor 0: no ORM, no request."""

from linnapp.manifest.differences import Difference, differences
from linnapp.manifest.errors import ManifestError, ManifestInvalid
from linnapp.manifest.meaning import MOST_BYTES, MOST_MODULES, TOKEN, TRACKING, validate, warnings
from linnapp.manifest.reach import ConsentLine, consent_lines
from linnapp.manifest.reading import parse
from linnapp.manifest.values import (
    Manifest,
    ManifestModule,
    ManifestParameter,
    new_key,
    postback_url,
    preset,
    to_json,
)

__all__ = [
    "MOST_BYTES",
    "MOST_MODULES",
    "TOKEN",
    "TRACKING",
    "ConsentLine",
    "Difference",
    "Manifest",
    "ManifestError",
    "ManifestInvalid",
    "ManifestModule",
    "ManifestParameter",
    "consent_lines",
    "differences",
    "new_key",
    "parse",
    "postback_url",
    "preset",
    "to_json",
    "validate",
    "warnings",
]
