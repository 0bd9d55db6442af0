"""Exchanges, told by the hour."""

from installs.exchange import opened
from linnapp.kinds import register

EXCHANGES = register(
    "EXCHANGES",
    "{exchanges}, {refused} refused, from {addresses}",
    about="exchanges",
    of_each=True,
    opens=opened.of_installations,
)
APPLICATION_EXCHANGES = register(
    "APPLICATION_EXCHANGES",
    "{exchanges}, {refused} refused, on {installations}",
    about="exchanges",
    opens=opened.of_applications,
)
