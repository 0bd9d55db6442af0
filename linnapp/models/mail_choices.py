from collections.abc import Collection
from typing import ClassVar, Self
from uuid import UUID

from django.db import models

from linnapp.models.mails import OutgoingMail
from linnapp.models.managers import manager_of
from linnapp.models.people import Account, User
from linnapp.models.traces import OfPerson


class MailRefusalQuerySet(models.QuerySet["MailRefusal"]):
    def of(self, person: User) -> Self:
        return self.filter(user=person)

    def of_kind(self, kind: str, account: UUID | None = None) -> Self:
        """Those that keep back a mail of this kind, about this account where it is about one."""
        everywhere = models.Q(account=None)
        return self.filter(everywhere | models.Q(account=account) if account else everywhere, kind=kind)

    def of_addresses(self, addresses: Collection[str]) -> Self:
        return self.filter(user__email__in=addresses)


class MailRefusal(models.Model):
    """Mails of one kind that a person does not want, of one account or of all. Whoever has no row wants them."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=OutgoingMail.Kind)
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="+")

    of_person: ClassVar[OfPerson] = OfPerson("mails_switched_off", "user", {"kind": "kind", "account": "account__name"})
    objects: ClassVar[MailRefusalQuerySet] = manager_of(MailRefusalQuerySet)

    class Meta:
        verbose_name = "e-mail that is not wanted"
        verbose_name_plural = "e-mails that are not wanted"
        constraints = (
            models.UniqueConstraint(fields=("user", "kind", "account"), name="one_refusal_of_an_account"),
            models.UniqueConstraint(
                fields=("user", "kind"), condition=models.Q(account=None), name="one_refusal_of_a_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, not for {self.user}"
