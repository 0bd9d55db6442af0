"""Somebody has said of each column of text whether people are named in it: also of a table that is made some day."""

import pytest
from django.apps import apps
from django.db.models import CharField, JSONField, TextField

from linnapp.models import Account, User
from linnapp.models.traces import traces_of

# Emptied or replaced with the person, or by `linnapp.services.erasing` by their key or address.
BY_KEY = """
Account.contact_email Application.support_contact AuditEntry.device AuditEntry.network BulkNotice.address
Invitation.email OutgoingMail.recipient User.email User.name User.password User.time_zone
"""
# What an account says of itself and of what it makes, and what other programs sent: none of it is about who wrote it.
OF_ACCOUNTS = """
Account.name Account.slug Application.description Application.manifest_extra Application.name Application.permissions
Application.script_url Application.summary Attempt.answer Attempt.cause Attempt.request Connector.base_url
Connector.last_error Connector.name Connector.session_server Delivery.outcome Delivery.payload Delivery.steps
Delivery.tracking Delivery.url EventSettings.url HelpCase.about Module.extra Module.formatted_name Module.group
Module.name Module.path Parameter.extra Parameter.name Parameter.value RefusedConsent.heading RefusedConsent.told
Review.description Review.name StockLocation.name Version.notes Version.snapshot
"""
# Keys, digests, words of the portal's own, addresses of the network.
OF_THE_PORTAL = """
AddressDay.hours Application.logo_digest AttemptCount.outcome AuditEntry.key AuditEntry.kind BulkChange.act
BulkChange.table BulkRow.target Connector.grant_type Connector.token_key Delivery.host Delivery.nonce
EventSettings.chosen ExportFile.closed ExportFile.said ExportFile.table FailureWindow.address HelpCase.reference
Installation.consent Invitation.key_digest KeptPost.browser_digest KeptPost.key_digest KeptPost.session_digest
KeyCanary.encrypted KnockCount.key KnockCount.limit Module.type OutgoingMail.message_id PermanentToken.digest
PermanentToken.encrypted PermanentToken.tail PostbackHost.host RefusalGroup.address RefusalGroup.facts
RefusalGroup.key RefusalGroup.reason RefusalGroup.secret_sent RefusalGroup.token_sent RefusalSample.address
RefusalSample.facts RefusalSample.reference RefusedConsent.reference Review.logo_digest Secret.digest Secret.encrypted
Secret.tail Session.address Session.digest Session.scope SigningSecret.encrypted SigningSecret.tail TimelineEntry.kind
UpdateMailing.told
"""
KNOWN = {*BY_KEY.split(), *OF_ACCOUNTS.split(), *OF_THE_PORTAL.split()}


def test_each_column_of_text_is_searched_or_holds_nobody() -> None:
    found = set()
    for model in apps.get_models():
        if model._meta.app_label not in ("linnapp", "installs"):
            continue
        texts = traces_of(model).texts
        names = {field.name for field in model._meta.local_concrete_fields}
        assert set(texts) <= names, model
        for field in model._meta.local_concrete_fields:
            is_text = isinstance(field, CharField | TextField | JSONField) and not field.choices
            if is_text and field.name not in texts and not field.name.endswith(("_folded", "_encrypted")):
                found.add(f"{model.__name__}.{field.name}")
    assert found == KNOWN


@pytest.mark.django_db
def test_each_table_with_texts_says_when_they_were_written_and_its_paths_lead_to_accounts_and_people() -> None:
    for model in apps.get_models():
        traces = traces_of(model)
        if traces.texts:
            assert traces.made, model
            list(model._base_manager.values_list(traces.made, *traces.accounts, *traces.people)[:1])
        for paths, leads_to in ((traces.accounts, Account), (traces.people, User)):
            for path in paths:
                assert list(model._base_manager.filter(**{f"{path}__in": leads_to.objects.all()})) == []
