"""Parts that a page draws again while it is open keep the focus and what was unfolded, and say once what is new."""

import pytest

from tests.kit import stage
from tests.kit.places.inspector import Inspector
from tests.kit.places.patterns import Place
from tests.kit.places.table import ROTATED
from tests.kit.places.visiting import sign_in

# Parts that a page draws again while it is open, and where each is.
PARTS = {
    "postback-test": Place("postback_test_run", "Alice", use={"delivery": "test delivery"}),
    "postback": Place("postback_detail", "Alice"),
    "installation-sent": Place("installation_installed", "Carol", use={"installation": "retried installation"}),
    "first-call": Place("installation_installed", "Carol"),
    "checklist": Place("application_overview", "Alice"),
    "rotated": Place("application_token_rotate", "Alice", use=ROTATED),
    "connector-check": Place("connector_check", "Alice", use={"connector": "failing connector"}),
}
# As if the page were older than the answer that follows; hears what is said, and has the focus in the part.
SHOWN_BEFORE = """part => {
  const [says] = part.querySelectorAll("[data-says]"), announcer = document.getElementById("announcer");
  says.dataset.says = "As it was.";
  window.told = [];
  new MutationObserver(() => told.push(announcer.textContent)).observe(announcer, {childList: true});
  for (const folded of part.querySelectorAll("details")) folded.open = true;
  const controls = [...part.querySelectorAll("a[href], button")].filter((one) => one.checkVisibility());
  const last = controls.at(-1) || part.querySelector("h1, h2") || part;
  last.tabIndex = 0;
  last.focus();
}"""
STATE = """id => {
  const part = document.getElementById(id), focused = document.activeElement;
  return [part.contains(focused), focused.textContent, part.querySelectorAll("details:not([open])").length];
}"""
ASK_AGAIN = "id => htmx.ajax('GET', location.pathname, {target: `#${id}`, swap: 'outerHTML'})"


@pytest.mark.browser
@pytest.mark.parametrize("part", list(PARTS))
def test_a_part_that_is_drawn_again_keeps_the_focus_and_says_once_what_is_new(
    part: str, inspector: Inspector, facts: stage.Facts
) -> None:
    page, place = inspector.page, PARTS[part]
    sign_in(page, place.person)
    page.goto(place.address(facts))
    page.locator(f"#{part}").evaluate(SHOWN_BEFORE)
    _, focused, _ = page.evaluate(STATE, part)
    for _ in range(2):
        page.evaluate(ASK_AGAIN, part)
        assert page.evaluate(STATE, part) == [True, focused, 0]
    (told,) = page.evaluate("told")
    assert told
    assert told != "As it was."
    assert inspector.faults == []
