"""Messages of support about an installation, to the developer or to the customer: by mail, and on record for the side
that they were written to and for support, and for nobody else."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from installs.help.written import refuse_credentials
from installs.models import Installation
from installs.support import kinds
from installs.support.acts import Act
from installs.support.likely import rules
from linnapp import timeline
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible
from linnapp.models import User
from linnapp.services import knocks, notices
from linnapp.services.knocks import Limit
from linnapp.services.support import refuse_unless_support

MOST_A_DAY = 20
MESSAGES = Limit(
    "messages of support",
    MOST_A_DAY,
    24 * 3600,
    f"You wrote {MOST_A_DAY} messages about this installation in a day. Wait {{wait}}, or hand the case over.",
    proven=True,
)
SIDES = {Act.TELL_DEVELOPER: Side.DEVELOPER, Act.TELL_CUSTOMER: Side.CUSTOMER}


@dataclass(frozen=True)
class Draft:
    subject: str
    text: str


def draft(installation: Installation, act: Act, reader: User, cause: str = "", reference: str = "") -> Draft:
    """What a message begins with. `cause` is the name of the rule of a likely cause, `reference` of a refused request:
    what is said of either is what that side may read."""
    found = rules.named(installation, reader, cause)
    application, account = installation.application, installation.account
    subject = f"{application} on {account}"
    lines = ["Hello,", ""]
    if act == Act.TELL_DEVELOPER:
        lines.append(f"This is about your application {application}, as it is installed on {account}.")
    else:
        lines.append(f"This is about {application}, which is installed on your account {account}.")
    said = (found.for_developer if act == Act.TELL_DEVELOPER else found.for_customer) if found else ""
    if said:
        lines += ["", said]
    lines += ["", f"Installation: {installation.pk}"]
    if reference := reference or (found.told_reference if found and said else ""):
        lines.append(f"Reference: {reference}")
    return Draft(subject, "\n".join([*lines, "", ""]))


def recipients(installation: Installation, act: Act) -> list[User]:
    """Of the developer, the whole team; of the customer, the Owners."""
    if act == Act.TELL_CUSTOMER:
        return installation.account.owners()
    team = User.objects.filter(memberships__account=installation.application.account, is_active=True)
    return list(team.order_by("name", "pk"))


@transaction.atomic
def write(installation: Installation, act: Act, *, subject: str, by: Actor) -> None:
    """The text is the actor's reason. Raises NotPossible for whoever is not of support, past the limit of a day, where
    nobody would get it, and for a text with a secret in it."""
    refuse_unless_support(by)
    refuse_credentials(f"{subject} {by.reason}")
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    people = recipients(row, act)
    if not people:
        raise NotPossible("Nobody there can sign in, so there is nobody to write to.")
    _count(row, by)
    to = row.account if act == Act.TELL_CUSTOMER else row.application.account
    timeline.record_about(row, kinds.SUPPORT_WROTE, by=by, to=str(to), title=subject)
    facts = {
        "installation": row,
        "application": row.application,
        "link": _read_on(row, act),
        "answer": _answered_on(row),
    }
    notices.tell(people, subject, "installs/support/mail/message.txt", facts, by=by)


def _count(installation: Installation, by: Actor) -> None:
    try:
        knocks.count(MESSAGES, by.reader.pk, installation.pk)
    except knocks.TooOften as refused:
        raise NotPossible(str(refused.message)) from refused


def _answered_on(installation: Installation) -> str:
    return f"{settings.SITE_URL}{reverse('help_new')}?installation={installation.pk}"


def _read_on(installation: Installation, act: Act) -> str:
    application, account = installation.application, installation.account
    if act == Act.TELL_CUSTOMER:
        return settings.SITE_URL + reverse("installation_detail", args=(account.slug, installation.pk))
    page = reverse("application_activity", args=(application.account.slug, application.pk))
    return f"{settings.SITE_URL}{page}?installation={installation.pk}"
