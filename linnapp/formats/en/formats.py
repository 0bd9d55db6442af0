"""How Django itself writes dates in English, which is in the admin: as pages of the portal do."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
