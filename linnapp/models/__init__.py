from linnapp.models.access import StaffAccess
from linnapp.models.applications import Application, Secret
from linnapp.models.audit import AuditEntry
from linnapp.models.bulk_changes import BulkChange, BulkNotice, BulkRow
from linnapp.models.deletions import Deletion
from linnapp.models.exports import ExportFile, ExportPart
from linnapp.models.keys import KeyCanary
from linnapp.models.knocks import KnockCount
from linnapp.models.mail_choices import MailRefusal
from linnapp.models.mails import OutgoingMail
from linnapp.models.manifests import Module, Parameter
from linnapp.models.people import Account, Invitation, Membership, User
from linnapp.models.timeline import TimelineEntry
from linnapp.models.typed import KeptPost
from linnapp.models.versions import Version

__all__ = [
    "Account",
    "Application",
    "AuditEntry",
    "BulkChange",
    "BulkNotice",
    "BulkRow",
    "Deletion",
    "ExportFile",
    "ExportPart",
    "Invitation",
    "KeptPost",
    "KeyCanary",
    "KnockCount",
    "MailRefusal",
    "Membership",
    "Module",
    "OutgoingMail",
    "Parameter",
    "Secret",
    "StaffAccess",
    "TimelineEntry",
    "User",
    "Version",
]
