from installs.models.alerts import AlertSent, PostbackAlerts
from installs.models.attempt_counts import AttemptCount
from installs.models.connectors import Connector, ConnectorCheck
from installs.models.consents import RefusedConsent
from installs.models.deliveries import Attempt, Delivery
from installs.models.events import EventCounter, EventSettings, EventType
from installs.models.help import HelpCase, HelpMessage
from installs.models.hour_lines import AddressDay, SecretHour
from installs.models.installations import Installation, PermanentToken
from installs.models.listings import Review
from installs.models.notes import CaseAssignment, StaffNote
from installs.models.postback_hosts import PostbackHost
from installs.models.postback_policies import PostbackPolicy
from installs.models.refusals import FailureWindow, RefusalGroup, RefusalSample
from installs.models.sessions import ExchangeHour, Session
from installs.models.signing_secrets import SigningSecret
from installs.models.stock import StockLocation
from installs.models.update_mailings import UpdateMailing

__all__ = [
    "AddressDay",
    "AlertSent",
    "Attempt",
    "AttemptCount",
    "CaseAssignment",
    "Connector",
    "ConnectorCheck",
    "Delivery",
    "EventCounter",
    "EventSettings",
    "EventType",
    "ExchangeHour",
    "FailureWindow",
    "HelpCase",
    "HelpMessage",
    "Installation",
    "PermanentToken",
    "PostbackAlerts",
    "PostbackHost",
    "PostbackPolicy",
    "RefusalGroup",
    "RefusalSample",
    "RefusedConsent",
    "Review",
    "SecretHour",
    "Session",
    "SigningSecret",
    "StaffNote",
    "StockLocation",
    "UpdateMailing",
]
