import io
import struct
import zlib
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from linnapp.models import Application, TimelineEntry, User
from tests.kit.people import ClientOf

UNREADABLE = "This file is not a picture we can read. Choose a PNG, JPEG or WebP."
DAMAGED = "This picture is damaged. Save it again."


def picture(size: tuple[int, int] = (140, 140), kind: str = "PNG", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(written, kind, **options)
    return written.getvalue()


def turned(orientation: int, kind: str) -> bytes:
    """280 x 140 in the file."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return picture((280, 140), kind, exif=exif)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def unfolding_text() -> bytes:
    """A PNG of the right size with a comment that unfolds to 100 MB."""
    whole = picture()
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000))
    return whole[:33] + text + whole[33:]


def animated() -> bytes:
    frames = [Image.new("RGB", (140, 140), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    return written.getvalue()


def upload(client: Client, application: Application, content: bytes, name: str = "logo.png") -> Any:
    url = reverse("application_logo", args=["northwind", application.pk])
    return client.post(url, {"logo": SimpleUploadedFile(name, content, "image/png")})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_of_140_by_140_becomes_the_logo_and_is_written_anew_as_png(
    kind: str, application: Application, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    sent = picture(kind=kind)
    response = upload(client, application, sent)
    assert response.status_code == 302
    application.refresh_from_db()
    served = client_of(None).get(reverse("logo", args=[application.logo_digest]))
    content = served.getvalue()
    assert sha256(content).hexdigest() == application.logo_digest
    assert Image.open(io.BytesIO(content)).format == "PNG"
    assert Image.open(io.BytesIO(content)).size == (140, 140)
    assert TimelineEntry.objects.get(kind="APPLICATION_LOGO").facts["change"] == "added"
    assert f"/logos/{application.logo_digest}.png" in client.get(response.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (picture((200, 180)), "This picture is 200 x 180. It must be 140 x 140."),
        (picture((139, 140)), "This picture is 139 x 140. It must be 140 x 140."),
        (turned(6, "JPEG"), "This picture is 140 x 280. It must be 140 x 140."),
        (turned(5, "PNG"), "This picture is 140 x 280. It must be 140 x 140."),
        (turned(3, "WEBP"), "This picture is 280 x 140. It must be 140 x 140."),
        (bomb(60_000, 60_000), UNREADABLE),
        (bomb(12_000, 12_000), UNREADABLE),
        (bomb(3_000, 3_000), "This picture is 3000 x 3000. It must be 140 x 140."),
        (unfolding_text(), UNREADABLE),
        (picture()[:100], DAMAGED),
        (picture(kind="JPEG")[:700], DAMAGED),
        (picture()[:20], UNREADABLE),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="140" height="140"/>', UNREADABLE),
        (picture(kind="GIF"), UNREADABLE),
        (picture(kind="BMP"), UNREADABLE),
        (b"hello", UNREADABLE),
        (b"", "This file is empty. Choose another one."),
        (picture() + b"\0" * 1024 * 1024, "This file is larger than 1 MB."),
    ],
    ids=[
        "too large", "one pixel short", "JPEG on its side", "PNG on its side", "WebP upside down",
        "bomb", "smaller bomb", "smallest bomb", "text bomb", "cut PNG", "cut JPEG", "header only", "SVG", "GIF", "BMP",
        "text", "empty", "over 1 MB",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_what_to_mend(
    content: bytes, sentence: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    response = upload(client_of(alice), application, content)
    assert response.status_code == 422
    assert response.content.decode().count(sentence) == 2
    application.refresh_from_db()
    assert application.logo_digest == ""
    assert not TimelineEntry.objects.filter(kind="APPLICATION_LOGO").exists()


@pytest.mark.parametrize(
    "content", [picture() + b"<script>alert(1)</script>", animated()], ids=["polyglot", "animated"]
)
def test_only_the_pixels_of_the_first_picture_are_kept(
    content: bytes, application: Application, alice: User, client_of: ClientOf
) -> None:
    assert upload(client_of(alice), application, content).status_code == 302
    application.refresh_from_db()
    with default_storage.open(f"logos/{application.logo_digest}.png") as stored:
        kept = stored.read()
    assert b"script" not in kept
    assert getattr(Image.open(io.BytesIO(kept)), "n_frames", 1) == 1


def test_nothing_chosen_is_said(application: Application, alice: User, client_of: ClientOf) -> None:
    response = client_of(alice).post(reverse("application_logo", args=["northwind", application.pk]))
    assert response.status_code == 422
    assert "Choose a picture first." in response.content.decode()


def test_a_hostile_file_name_plays_no_part(application: Application, alice: User, client_of: ClientOf) -> None:
    assert upload(client_of(alice), application, picture(), "../../<b>etc\x00.svg").status_code == 302


def test_the_logo_is_removed_and_the_initials_are_back(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    upload(client, application, picture())
    page = client.post(reverse("application_logo_remove", args=["northwind", application.pk]), follow=True)
    application.refresh_from_db()
    assert application.logo_digest == ""
    assert "/logos/" not in page.content.decode()
    assert ">SB</text>" in page.content.decode()


def test_a_retired_application_keeps_its_logo(application: Application, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    upload(client, application, picture())
    digest = Application.objects.get().logo_digest
    Application.objects.update(retired_at=timezone.now())
    refused = upload(client, application, picture(kind="JPEG"))
    removal = client.post(reverse("application_logo_remove", args=["northwind", application.pk]), follow=True)
    for page in (refused, removal):
        assert "Stock Bridge is retired" in page.content.decode()
    assert refused.status_code == 422
    application.refresh_from_db()
    assert application.logo_digest == digest


# The public address.


def test_a_logo_is_served_to_anybody_and_cached_for_ever(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    upload(client_of(alice), application, picture())
    application.refresh_from_db()
    response = Client().get(reverse("logo", args=[application.logo_digest]))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers
    assert response.getvalue().startswith(b"\x89PNG")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "digest", ["0" * 64, "0" * 63, "F" * 64, "..", "..%2f..%2fdb", "a.png", "%00", "é", "x" * 5000]
)
def test_an_unknown_or_malformed_digest_is_404(digest: str) -> None:
    assert Client().get(f"/logos/{digest}.png").status_code == 404


@pytest.mark.django_db
def test_a_logo_is_only_read() -> None:
    assert Client().post(f"/logos/{'0' * 64}.png").status_code == 405
