"""What an installer reads in place of the names of permissions: whatever a developer wrote there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnapp.manifest.permission_words import AREAS, SENTENCES, Area, sentence_of
from linnapp.module_types import TYPES
from tests.registry.test_manifest_properties import quick

VERBS = {
    *("Accept", "Act", "Add", "Approve", "Archive", "Assign", "Book", "Cancel", "Change", "Correct", "Count", "Create"),
    *("Delete", "Download", "Export", "Hold", "Import", "Lock", "Manage", "Mark", "Merge", "Move", "Offer", "Print"),
    *("Process", "Read", "Receive", "Refund", "Remove", "Run", "See", "Send", "Show", "Split", "Take", "Tell"),
    *("Transfer", "Unlock", "Upload", "Use"),
}
KNOWN = [(name, node, area.nodes[node]) for area in AREAS for name in area.names for node in area.nodes]
LONGEST = 90
UNKNOWN = "Use other parts of this account"


def is_plain(sentence: str) -> bool:
    """Begins with a verb, is short, and holds nothing that only a program would write."""
    return (
        sentence.split()[0] in VERBS
        and len(sentence) <= LONGEST
        and not re.search(r"[a-z][A-Z]|[._<>]|Node|GlobalPermissions", sentence)
        and not re.search(r" [A-Z][a-z]", sentence)
    )


@pytest.mark.parametrize(("area", "node", "sentence"), KNOWN, ids=str)
def test_each_known_permission_has_a_plain_sentence(area: str, node: str, sentence: str) -> None:
    assert is_plain(sentence)
    for written in (f"{area}.{node}Node", f"{area}.{node}", f"{area}.{node}Node".lower()):
        assert sentence_of(f"GlobalPermissions.{written}") == sentence
    assert {area, node} & set(sentence.split()) <= VERBS


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.names[0])
def test_no_two_nodes_of_an_area_share_a_sentence(area: Area) -> None:
    assert len(set(area.nodes.values())) == len(area.nodes)


def test_no_name_is_that_of_two_areas_and_no_node_is_there_twice() -> None:
    names = [name.lower() for area in AREAS for name in area.names]
    assert len(set(names)) == len(names)
    assert len(SENTENCES) == len(KNOWN)
    assert len({node for _, node, _ in KNOWN}) >= 80


@pytest.mark.parametrize("module_type", TYPES.values(), ids=lambda known: known.name)
def test_each_type_of_module_has_a_plain_sentence(module_type: object) -> None:
    reaches = re.sub(r" named \{\w+\}", "", module_type.reaches)  # type: ignore[attr-defined]
    assert is_plain(reaches)


@pytest.mark.parametrize(
    ("permission", "sentence"),
    [
        ("OrderBook.ViewOrderDetailsNode", "See the details of your orders"),
        ("OrderBook", "See and change your orders"),
        ("OrderBook.ViewNode", "See your orders"),
        ("OrderBook.EditOrderTagsNode", "Change your order tags"),
        ("OrderBook.ViewOrderDetailsNode.EditOrderDetailsNode", "Change your order details"),
        ("Inventory.Stock.ViewNode", "See stock in your inventory"),
        ("Inventory.ManageFBAInboundNode", "Manage FBA inbound in your inventory"),
        ("Email.DeleteEmailDraftsNode", "Delete your e-mail drafts"),
        ("Subscriptions.View", "See your subscriptions"),
        ("Subscriptions.CreatePlanNode", "Add plan in your subscriptions"),
        ("Subscriptions.Node", "Use your subscriptions"),
        ("GiftCards.RedeemNode", "Use other parts of your gift cards"),
        ("Inventory.ImagesNode", "Use images in your inventory"),
        ("OrderBook.LockedOrdersNode", "Use your locked orders"),
        ("Orders.AllOfTheseWordsSayNothingAtAllToAnybody", "Use other parts of your orders"),
        ("Orders.Vieworderdetailsandmuchmore", "Use other parts of your orders"),
        ("AnAreaWithFarTooManyWords.View", UNKNOWN),
    ],
)
def test_one_that_is_not_known_is_said_by_its_verb_its_words_and_its_area(permission: str, sentence: str) -> None:
    assert sentence_of(f"GlobalPermissions.{permission}") == sentence


@pytest.mark.parametrize(
    "permission",
    [
        "SomethingElse",
        "Orders.View.Node",
        "GlobalPermissions",
        "GlobalPermissions.",
        "GlobalPermissions..View",
        "GlobalPermissions.Orders.<b>View</b>",
        "GlobalPermissions.Orders.View: nothing is changed",
        "GlobalPermissions.Ｏrders.View",
        "GlobalPermissions.Orders.View\u202e",
    ],
)
def test_what_is_no_name_of_a_permission_promises_nothing(permission: str) -> None:
    assert sentence_of(permission) == UNKNOWN


letters = st.text(st.sampled_from("aAbBzZ09._ <é"), max_size=60)


@quick
@given(st.one_of(letters, letters.map(lambda text: f"GlobalPermissions.{text}"), st.text(max_size=120)))
def test_whatever_is_written_there_is_read_as_a_short_sentence_without_it(permission: str) -> None:
    sentence = sentence_of(permission)
    assert sentence.split()[0] in VERBS
    assert len(sentence) <= LONGEST
    assert re.fullmatch(r"[A-Z][a-z]+( [A-Za-z0-9'-]+)+", sentence)
    assert not re.search(r"[a-z][A-Z]", sentence)
