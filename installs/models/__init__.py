from installs.models.deliveries import Attempt, Delivery, PostbackPolicy, SigningSecret
from installs.models.installations import Installation, PermanentToken
from installs.models.refusals import FailureWindow, RefusalGroup, RefusalSample
from installs.models.sessions import ExchangeHour, Session
from installs.models.stock import StockLocation

__all__ = [
    "Attempt",
    "Delivery",
    "ExchangeHour",
    "FailureWindow",
    "Installation",
    "PermanentToken",
    "PostbackPolicy",
    "RefusalGroup",
    "RefusalSample",
    "Session",
    "SigningSecret",
    "StockLocation",
]
