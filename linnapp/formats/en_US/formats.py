"""The formats of `linnapp.formats.en` for readers of American English: the month first, and twelve hours twice."""

# ruff: noqa: F401
from django.conf.locale.en.formats import (  # type: ignore[import-untyped]
    DATE_INPUT_FORMATS,
    DATETIME_INPUT_FORMATS,
)

DATE_FORMAT = "M j, Y"
DATETIME_FORMAT = "M j, Y, g:i A"
TIME_FORMAT = "g:i A"
FIRST_DAY_OF_WEEK = 0

DAY = "M j"
DAY_CLOCK = "M j, g:i A"
DAY_LONG = "F j"
DAY_LONG_CLOCK = "F j, g:i A"
DAY_LONG_EXACT = "F j, g:i:s A"
DAY_LONG_AT = r"F j \a\t g:i A"
DATE_LONG = "F j, Y"
DATETIME_LONG = "F j, Y, g:i A"
DATETIME_EXACT = "F j, Y, g:i:s A"
DATETIME_AT = r"M j, Y \a\t g:i A"
WEEKDAY = "D, M j"
WEEKDAY_LONG = "l, F j, Y"
