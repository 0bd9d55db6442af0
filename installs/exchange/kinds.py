"""Exchanges, told by the hour."""

from linnapp.kinds import register

EXCHANGES = register("EXCHANGES", "{exchanges}, {refused} refused, from {addresses}", about="exchanges", of_each=True)
APPLICATION_EXCHANGES = register(
    "APPLICATION_EXCHANGES", "{exchanges}, {refused} refused, on {installations}", about="exchanges"
)
