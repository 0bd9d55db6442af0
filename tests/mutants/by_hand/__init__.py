"""Breakages that somebody thought of: each takes away one thing that a person or a program relies on."""

from tests.mutants.breakages import Breakage, TemplateBreakage
from tests.mutants.by_hand import (
    access,
    account_suspension,
    admin,
    bulk_changes,
    connectors,
    editing,
    exchange,
    installations,
    knocks,
    moving,
    outbound,
    postbacks,
    registry,
    rotations,
    signing,
    updates,
    withdrawing,
)

BREAKAGES: tuple[Breakage | TemplateBreakage, ...] = (
    *installations.BREAKAGES,
    *registry.BREAKAGES,
    *rotations.BREAKAGES,
    *exchange.BREAKAGES,
    *knocks.BREAKAGES,
    *signing.BREAKAGES,
    *outbound.BREAKAGES,
    *postbacks.BREAKAGES,
    *updates.BREAKAGES,
    *withdrawing.BREAKAGES,
    *connectors.BREAKAGES,
    *access.BREAKAGES,
    *editing.BREAKAGES,
    *admin.BREAKAGES,
    *bulk_changes.BREAKAGES,
    *account_suspension.BREAKAGES,
    *moving.BREAKAGES,
)
