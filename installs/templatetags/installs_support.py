"""What pages of the support console link to."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

from installs.exchange.explanations import Explanation
from installs.models import HelpCase, Installation
from installs.support import connectors, doing
from installs.support.acts import Act
from installs.support.connectors import Beside
from installs.support.likely import rules
from installs.support.likely.causes import Fix, LikelyCause
from installs.support.likely.rules import Rule
from linnapp.models import Account, StaffAccess, User

register = template.Library()


@register.simple_tag
def fix_url(installation: Installation, fix: Fix, cause: LikelyCause, case: HelpCase | str = "") -> str:
    """The page of an act of support, which knows the cause that led there, and the case of help to come back to."""
    page = reverse("support_act", args=(installation.pk, fix.act))
    back = {"case": str(case.pk)} if isinstance(case, HelpCase) else {}
    return f"{page}?{urlencode({'cause': cause.rule} | back)}"


@register.simple_tag
def likely_causes(installation: Installation, reader: User, refusal: Explanation | None = None) -> list[LikelyCause]:
    """For a page of another wing that support reads; what shows this refusal stands first."""
    return rules.likely_causes(installation, reader, pasted=refusal.group if refusal else None)


@register.simple_tag
def checked_rules() -> tuple[Rule, ...]:
    """What is looked at where nothing wrong is visible."""
    return rules.RULES


@register.simple_tag
def look_url(account: Account, page: str, about: object, reference: str = "") -> str:
    """The page that asks to look as somebody, with a reason begun: the Owners of the account read it, so `about` is
    what they may know of."""
    reason = f"Support for {about}, reference {reference}" if reference else f"Support for {about}"
    asked = {"purpose": StaffAccess.Purpose.LOOK, "next": page, "reason": reason}
    return f"{reverse('access_enter', args=[account.slug])}?{urlencode(asked)}"


@register.simple_tag
def connectors_beside(installation: Installation) -> list[Beside]:
    return connectors.beside(installation)


@register.simple_tag
def acts_allowed(reader: User) -> list[Act]:
    return doing.allowed(reader)
