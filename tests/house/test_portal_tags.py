import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.db.models import TextChoices
from django.template import Context, Template
from django.template.library import SimpleNode
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from linnapp.forms.rendering import PortalFormRenderer
from linnapp.quick_addresses import address_of, addresses_of, near
from linnapp.templatetags import names, portal

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'


def render(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


def test_the_exact_time_of_a_moment_is_in_the_readers_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        html = render("{% moment when %}", when=datetime(2025, 7, 2, 12, 4, 5, tzinfo=UTC))
    assert html == (
        '<time datetime="2025-07-02T14:04:05+02:00" title="2 July 2025, 14:04:05 Europe/Berlin">2 Jul 2025</time>'
    )


def test_a_moment_that_never_was() -> None:
    assert render("{% moment when %}", when=None) == "never"


def test_a_pill_has_word_icon_and_tone() -> None:
    html = render("{% pill 'SUSPENDED' %}")
    assert 'data-tone="suspended"' in html
    assert "<svg" in html
    assert html.endswith("Suspended</span>")


def test_an_unknown_state_is_grey_and_keeps_its_words() -> None:
    class Mood(TextChoices):
        ODD = "ODD", "Quite odd"

    assert render("{% pill state %}", state=Mood.ODD).endswith("Quite odd</span>")
    assert 'data-tone="neutral"' in render("{% pill 'half_way' %}")
    assert render("{% pill 'half_way' %}").endswith("Half way</span>")


def test_every_known_state_has_an_icon() -> None:
    for state in portal.STATES:
        assert "<svg" in portal.pill(state)


def test_an_icon_is_hidden_from_screen_readers_and_has_no_style() -> None:
    html = render("{% icon 'search' %}")
    assert 'aria-hidden="true"' in html
    assert "style=" not in html


def test_an_identifier_is_shortened_in_the_middle_and_copied_whole() -> None:
    value = "8f2c41ab-1111-4222-8333-44445555 91d4".replace(" ", "")
    html = render("{% ident value %}", value=value)
    assert f'<code title="{value}">8f2c…91d4</code>' in html
    assert f'data-copy="{value}"' in html


def test_a_short_identifier_stays_whole() -> None:
    assert portal.shortened("7K2M-AB-Q9") == "7K2M-AB-Q9"


def application(name: str = "Parcel Sync", logo_digest: str = "", pk: uuid.UUID | None = None) -> SimpleNamespace:
    return SimpleNamespace(pk=pk or uuid.uuid4(), name=name, logo_digest=logo_digest)


def test_without_a_picture_the_logo_is_initials_on_a_colour_of_the_application_id() -> None:
    known = uuid.UUID("00000000-0000-4000-8000-000000000001")
    html = render("{% logo application 48 %}", application=application(pk=known))
    assert ">PS</text>" in html
    assert 'fill="#206F47"' in html
    assert "style=" not in html
    assert html == render("{% logo application 48 %}", application=application(pk=known))


@pytest.mark.parametrize(
    ("name", "letters"),
    [("stock", "S"), ("Über alles gut", "ÜA"), ("***", "?"), ("42 Trucks", "4T")],
)
def test_initials(name: str, letters: str) -> None:
    assert portal.initials(name) == letters


@pytest.mark.parametrize(
    "html",
    [
        "{% pill hostile %}",
        "{% ident hostile %}",
        "{% copy hostile %}",
        "{% copy 'x' what=hostile %}",
        "{% pill 'active' hostile %}",
        "{% moment None hostile %}",
    ],
)
def test_hostile_text_is_escaped(html: str) -> None:
    assert "<script" not in render(html, hostile=HOSTILE)


def test_a_hostile_name_is_escaped_in_the_logo() -> None:
    assert "<script" not in render("{% logo application 24 %}", application=application(name=HOSTILE))


class Sample(forms.Form):
    default_renderer = PortalFormRenderer

    name = forms.CharField(max_length=3, help_text="At most three letters.")
    kind = forms.ChoiceField(choices=[("A", "Apple")], widget=forms.RadioSelect)
    note = forms.CharField(required=False)


def test_a_field_has_label_input_error_and_hint_tied_together() -> None:
    html = render("{% field form.name %}", form=Sample({"name": HOSTILE}))
    assert '<label for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert "<script" not in html


def test_a_field_that_may_stay_empty_says_so() -> None:
    assert "optional" in render("{% field form.note %}", form=Sample())
    assert "optional" not in render("{% field form.name %}", form=Sample())


def test_the_summary_of_errors_leads_to_the_fields() -> None:
    html = render("{% error_summary form %}", form=Sample({"name": "long name"}))
    assert 'href="#id_name"' in html
    assert 'href="#id_kind_0"' in html
    assert 'id="id_kind_0"' in render("{% field form.kind %}", form=Sample({}))


def test_a_form_without_errors_has_no_summary() -> None:
    assert render("{% error_summary form %}", form=Sample()).strip() == ""


def test_a_form_draws_itself_with_its_summary_on_top() -> None:
    html = str(Sample({"name": "long name"}))
    assert html.index("error-summary") < html.index('<label for="id_name">')


def test_a_number_is_counted_in_words() -> None:
    assert render("{{ 1|counted:'session' }}, {{ 1200|counted:'session' }}") == "1 session, 1,200 sessions"
    both = "{{ number|counted:'account has,accounts have' }}"
    assert [render(both, number=number) for number in (1, 2)] == ["1 account has", "2 accounts have"]


def test_a_pill_drawn_before_as_html_escapes_the_same_text_later() -> None:
    assert HOSTILE in portal.pill("active", mark_safe(HOSTILE))
    assert HOSTILE not in portal.pill("active", HOSTILE)


def test_an_address_is_the_one_that_django_makes() -> None:
    for name, args in (
        ("application_overview", ("northwind", uuid.uuid4())),
        ("application_overview", ("northwind", uuid.uuid4())),
        ("application_token_rotate", ("northwind", uuid.uuid4(), uuid.uuid4())),
        ("member_role", ("northwind", 3)),
        # A slug that looks like the mark which stands for a key.
        ("member_role", ("907060504000001", 3)),
        ("logo", ("0" * 64,)),
        ("profile", ()),
    ):
        assert address_of(name, *args) == reverse(name, args=args)
    with pytest.raises(NoReverseMatch):
        address_of("application_overview", "no slug", uuid.uuid4())


def test_pieces_of_a_row_are_made_without_a_template() -> None:
    """Of each there are fifty on a page: rendered as templates they take ten times as long."""
    for tag in ("ident", "copy", "logo", "pill", "moment", "state_of", "version_of", "address"):
        many = " two" if tag in {"logo"} else ""
        node = Template("{% load portal %}{% " + f"{tag} one{many}" + " %}").nodelist[-1]
        assert isinstance(node, SimpleNode), tag


def test_what_icons_have_in_common_stands_in_the_style_sheets_and_not_in_each() -> None:
    html = portal.icon("search")
    assert "\n" not in html
    for name in ("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"):
        assert f' {name}="' not in html
        for sheet in ("portal.css", "admin.css"):
            assert f"{name}:" in rule_of(".icon", (settings.BASE_DIR / "static" / "css" / sheet).read_text())


def rule_of(selector: str, sheet: str) -> str:
    return next(line for line in sheet.splitlines() if line.startswith(f"{selector} {{"))


def test_a_long_text_is_copied_from_above_its_button() -> None:
    html = portal.copy_above("the message")
    assert " data-copy-above " in html
    assert 'aria-label="Copy the message"' in html


def test_addresses_of_rows_are_those_that_django_makes() -> None:
    first, key = uuid.uuid4(), uuid.uuid4()
    for name in ("application_token_reveal", "application_sessions_end"):
        assert addresses_of(name, "acme", first)(key) == reverse(name, args=("acme", first, key))
    page = reverse("application_installations", args=("acme", first))
    for whole in (
        reverse("application_token_reveal", args=("acme", first, key)),
        reverse("application_activity", args=("acme", first)),
    ):
        assert urljoin(page, near(whole, page)) == whole
        assert len(near(whole, page)) < 50
    elsewhere = reverse("installation_switch", args=("acme", key))
    assert near(elsewhere, page) == elsewhere
    # A slug that looks like what stands for a key is asked of Django.
    slug = "00000000-0000-4000-8000-000000000001"
    assert addresses_of("installation_detail", slug)(key) == reverse("installation_detail", args=(slug, key))


def test_what_a_function_draws_is_escaped_as_in_a_template() -> None:
    for value in (HOSTILE, mark_safe("<b>bold</b>"), 7, None, "it's"):
        assert names.drawn(value) == Template("{{ value }}").render(Context({"value": value}))
    assert names.bdi(HOSTILE) == Template("{{ value }}").render(Context({"value": HOSTILE}))
