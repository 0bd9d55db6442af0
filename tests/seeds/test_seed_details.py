"""The guide to setting up a system integration, statement by statement: Application Details."""

from io import BytesIO
from uuid import UUID

from django.urls import reverse
from PIL import Image

from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from tests.kit.people import ClientOf
from tests.kit.seeds import consent, consent_url, create, everything_shown_to, install, page, store_pages


def picture(width: int, height: int) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (width, height), "#0F5F73").save(file, "PNG")
    file.seek(0)
    file.name = "logo.png"
    return file


def test_001_after_creating_an_application_its_credentials_stand_on_a_details_page(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    application = create(client, northwind)
    details = page(client, "application_general", northwind.slug, application.pk)
    labels = ("Application ID", "Application Secret", "Installation URL", "App Logo", "Summary", "Description")
    assert [label for label in labels if label not in details] == []


def test_002_the_application_id_is_generated_unique_and_part_of_calls_and_of_the_installation_url(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    one, other = create(client, northwind, "One"), create(client, northwind, "Other")
    assert one.pk != other.pk
    details = page(client, "application_general", northwind.slug, one.pk)
    assert str(one.pk) in details
    assert f"/Authorization/Authorize/{one.pk}" in details


def test_003_the_application_secret_is_generated_alongside(
    client_of: ClientOf, alice: User, northwind: Account
) -> None:
    client = client_of(alice)
    application = create(client, northwind)
    secret = application.secrets.get().value()
    assert str(UUID(secret)) == secret
    assert secret in page(client, "application_general", northwind.slug, application.pk)


def test_004_the_installation_url_installs_the_application_onto_an_account(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    assert consent_url(application) in page(client_of(alice), "application_general", "northwind", application.pk)
    assert install(client_of(carol), application, cakes).status_code == 302
    assert Installation.objects.live().get(application=application).account == cakes


def test_005_a_logo_of_140_by_140_is_shown_in_the_store_and_on_the_installation_screen(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    upload = reverse("application_logo", args=["northwind", application.pk])
    assert client_of(alice).post(upload, {"logo": picture(140, 140)}).status_code == 302
    logo = reverse("logo", args=[Application.objects.get().logo_digest])
    for shown in (consent(client_of(carol), application), *store_pages(client_of(carol), application, cakes)):
        assert logo in shown


def test_006_a_logo_of_any_other_size_is_refused_with_both_sizes(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    upload = reverse("application_logo", args=["northwind", application.pk])
    refused = client_of(alice).post(upload, {"logo": picture(200, 180)})
    assert refused.status_code == 422
    assert "This picture is 200 x 180. It must be 140 x 140." in refused.content.decode()
    assert Application.objects.get().logo_digest == ""


def test_007_the_summary_is_for_the_team_and_never_shown_to_users(
    client_of: ClientOf, alice: User, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    Application.objects.update(summary="Quokka plan")
    assert "Quokka plan" in page(client_of(alice), "application_general", "northwind", application.pk)
    assert "Quokka" not in everything_shown_to(client_of(carol), application, cakes)


def test_008_the_description_is_shown_during_installation_and_in_the_store(
    client_of: ClientOf, carol: User, cakes: Account, version: Version, application: Application
) -> None:
    Application.objects.update(description="Keeps stock levels the same.")
    for shown in (consent(client_of(carol), application), *store_pages(client_of(carol), application, cakes)):
        assert "Keeps stock levels the same." in shown
