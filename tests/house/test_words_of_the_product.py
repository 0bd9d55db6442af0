"""Pages and mails say what product.md calls a thing, and not what Django does."""

from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"
# Django's word for a platform admin. The admin's own field goes by it, beside what it means.
DJANGOS = "superuser"


def test_nobody_is_sent_to_a_superuser() -> None:
    texts = {path: path.read_text() for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"}}
    assert len(texts) > 100
    spoken = {path.name for path, text in texts.items() if DJANGOS in text.replace("is_superuser", "").lower()}
    assert spoken == set()
