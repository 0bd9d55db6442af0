"""How moments are written for readers of British English, which is everybody whose browser does not ask for American
English first. Templates and `linnapp.moments` know no other formats than these, by their names; `en_US` has the same
names. Django writes the dates of the admin by the first three and reads what is typed by the last ones."""

# ruff: noqa: F401
from django.conf.locale.en_GB.formats import (  # type: ignore[import-untyped]
    DATE_INPUT_FORMATS,
    DATETIME_INPUT_FORMATS,
)

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 1

DAY = "j M"
DAY_CLOCK = "j M, H:i"
DAY_LONG = "j F"
DAY_LONG_CLOCK = "j F, H:i"
DAY_LONG_EXACT = "j F, H:i:s"
DAY_LONG_AT = r"j F \a\t H:i"
DATE_LONG = "j F Y"
DATETIME_LONG = "j F Y, H:i"
DATETIME_EXACT = "j F Y, H:i:s"
DATETIME_AT = r"j M Y \a\t H:i"
WEEKDAY = "D j M"
WEEKDAY_LONG = "l, j F Y"
