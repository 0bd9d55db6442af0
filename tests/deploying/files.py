"""The files of operators, as what reads them sees them."""

from tests.kit.portal import ROOT

OPERATIONS = ROOT / "docs/operations"
