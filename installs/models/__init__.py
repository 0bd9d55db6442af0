from installs.models.connectors import Connector, ConnectorCheck
from installs.models.deliveries import Attempt, AttemptCount, Delivery, PostbackHost, PostbackPolicy, SigningSecret
from installs.models.installations import Installation, PermanentToken
from installs.models.listings import Review
from installs.models.refusals import FailureWindow, RefusalGroup, RefusalSample
from installs.models.sessions import ExchangeHour, Session
from installs.models.stock import StockLocation
from installs.models.update_mailings import UpdateMailing

__all__ = [
    "Attempt",
    "AttemptCount",
    "Connector",
    "ConnectorCheck",
    "Delivery",
    "ExchangeHour",
    "FailureWindow",
    "Installation",
    "PermanentToken",
    "PostbackHost",
    "PostbackPolicy",
    "RefusalGroup",
    "RefusalSample",
    "Review",
    "Session",
    "SigningSecret",
    "StockLocation",
    "UpdateMailing",
]
