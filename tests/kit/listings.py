"""What tests of listings share: the page of an application's listing, its state, and what the timeline tells of it."""

from django.urls import reverse

from linnapp.models import Application, TimelineEntry

Listing = Application.Listing
WORDS = "Keeps stock levels of your shops, warehouses and marketplaces the same."


def here(application: Application, name: str = "listing") -> str:
    return reverse(name, args=[application.account.slug, application.pk])


def state_of(application: Application) -> str:
    return Application.objects.get(pk=application.pk).listing


def told(application: Application) -> list[tuple[str, str, str]]:
    kinds = (
        "LISTING_REQUESTED",
        "LISTING_RETURNED",
        "LISTING_TAKEN_BACK",
        "APPLICATION_LISTED",
        "APPLICATION_UNLISTED",
    )
    rows = TimelineEntry.objects.about_application(application.pk).filter(kind__in=kinds).order_by("pk")
    return list(rows.values_list("kind", "actor_name", "reason"))
