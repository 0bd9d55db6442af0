"""What tests of versions share: the pages of an application's versions, and a manifest that changed."""

from dataclasses import replace

from django.urls import reverse

from linnapp.models import Application, User
from linnapp.services.manifests import manifest_of, save_manifest
from tests.kit.people import acting


def address(name: str, application: Application, *more: object) -> str:
    return reverse(name, args=(application.account.slug, application.pk, *more))


def rename_first_module(application: Application, formatted_name: str, by: User) -> Application:
    row = Application.objects.get(pk=application.pk)
    manifest = manifest_of(row)
    first = replace(manifest.modules[0], formatted_name=formatted_name)
    changed = replace(manifest, modules=(first, *manifest.modules[1:]))
    return save_manifest(row, changed, expected_revision=row.manifest_revision, by=acting(by))
