"""The house as it was drawn: floors, wings, no circle, the one door out, and nothing larger than a reader takes in."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models.fields.related import RelatedField

from tests.architecture.imports import ROOT, modules_of
from tests.architecture.rules import FLOORS, VALUES_OF_WINGS, WINGS, circle, faults, sizes, template_faults


def test_floors_and_wings_hold() -> None:
    assert faults(ROOT) == []
    assert template_faults(ROOT) == []


def test_what_has_a_floor_is_there() -> None:
    known = {module.name for module in modules_of(ROOT)}
    assert [name for name in (*FLOORS, *VALUES_OF_WINGS) if name not in known] == []


def test_nothing_is_larger_than_a_reader_takes_in() -> None:
    assert sizes(ROOT) == []


def test_the_readme_names_each_wing_and_no_other() -> None:
    tree = (ROOT / "README.md").read_text().partition("## The code in ten lines")[2]
    named = set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE))
    assert named == set(WINGS)
    assert {path.name for path in (ROOT / "installs").iterdir() if path.is_dir()} >= named


def test_linnapp_cannot_reach_installs_through_a_reverse_accessor() -> None:
    foreign = [
        field
        for model in apps.get_app_config("installs").get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if isinstance(field, RelatedField) and field.related_model._meta.app_label == "linnapp"
    ]
    assert len(foreign) >= 8
    assert [str(field) for field in foreign if field.remote_field.related_name != "+"] == []


# A tree in order, and what happens when one line of it is wrong.
SOUND = {
    "linnapp/__init__.py": "",
    "linnapp/settings.py": "",
    "linnapp/credentials.py": "import hmac",
    "linnapp/models/__init__.py": "from linnapp import credentials",
    "linnapp/services/__init__.py": "from linnapp.models import Application",
    "linnapp/services/applications.py": "from linnapp import credentials",
    "linnapp/services/manifests.py": "from linnapp.services import applications",
    "linnapp/forms/__init__.py": "from linnapp.services.manifests import save",
    "linnapp/views/__init__.py": "from linnapp.forms import NameForm",
    "installs/__init__.py": "",
    "installs/models/__init__.py": "from linnapp.models import Application",
    "installs/outbound/__init__.py": "import requests",
    "installs/outbound/connections.py": "from urllib3 import PoolManager",
    "installs/postbacks/__init__.py": "",
    "installs/postbacks/signing.py": "from linnapp import credentials",
    "installs/postbacks/courier.py": "from installs import outbound",
    "installs/installations/__init__.py": "",
    "installs/installations/lifecycle.py": "from installs.postbacks import courier",
    "installs/installations/forms.py": "from installs.installations import lifecycle",
    "installs/installations/views/__init__.py": "",
    "installs/installations/views/consent.py": "from installs.installations import forms, lifecycle",
    "installs/installations/urls.py": "from installs.installations.views import consent",
    "installs/exchange/__init__.py": "",
    "installs/exchange/views.py": "from installs import models",
    "installs/templatetags/__init__.py": "from installs.installations import lifecycle",
}
LIFECYCLE = "installs/installations/lifecycle.py"
PLANTED = [
    ("linnapp/services/__init__.py", "from installs.installations import lifecycle", "knows nothing of installs"),
    ("linnapp/views/__init__.py", "model = get_model('installs.Session')", "linnapp knows nothing of installs"),
    ("linnapp/models/__init__.py", "from linnapp.services import applications", "which stands above it"),
    ("linnapp/models/__init__.py", "import linnapp.settings", "which stands above it"),
    (LIFECYCLE, "from installs.installations.views import consent", "which stands above it"),
    (LIFECYCLE, "from installs.installations import forms", "which stands above it"),
    ("installs/installations/forms.py", "from installs.installations.views import consent", "which stands above it"),
    ("installs/postbacks/signing.py", "from installs.postbacks import courier", "which stands above it"),
    ("installs/models/__init__.py", "from installs.postbacks import courier", "which stands above it"),
    ("installs/models/__init__.py", "from installs.postbacks import signing", "models know no wing"),
    (
        "installs/exchange/views.py",
        "from installs.postbacks import courier",
        "exchange does not know postbacks",
    ),
    (
        "installs/postbacks/courier.py",
        "from installs.installations import lifecycle",
        "does not know installations",
    ),
    ("installs/installations/views/consent.py", "from linnapp.forms import NameForm", "the floors 0 to 2 of linnapp"),
    ("linnapp/services/applications.py", "from linnapp.services.manifests import save", "in a circle"),
    ("linnapp/forms/__init__.py", "def late():\n    import json", "imports json inside a function"),
    (LIFECYCLE, "import requests", "only installs.outbound reaches the network"),
    (LIFECYCLE, "import uvloop", "only linnapp.front serves"),
    (LIFECYCLE, "from urllib import request", "only installs.outbound reaches the network"),
    (LIFECYCLE, "from secrets import token_hex", "secrets belong to linnapp.credentials"),
    (LIFECYCLE, "from django.db.models import signals", "there are no signals here"),
    (LIFECYCLE, "from django.dispatch import receiver", "there are no signals here"),
    (LIFECYCLE, "from linnapp import nowhere\nimport linnapp.nowhere", "which is not there"),
    ("installs/postbacks/utils.py", "", "has a name that says nothing"),
    ("installs/novelty.py", "", "stands on no floor and in no wing yet"),
    ("linnapp/novelty.py", "", "stands on no floor and in no wing yet"),
]
OVERSIZED = [
    ({"installs/postbacks/courier.py": "x = 1\n" * 401}, "installs/postbacks/courier.py has 401 lines"),
    ({"tests/test_much.py": "x = 1\n" * 401}, "tests/test_much.py has 401 lines"),
    ({"bench/load.py": "def load():\n" + "    x = 1\n" * 50}, "bench/load.py, line 1: load has 51 lines"),
    ({f"installs/loose_{number}.py": "" for number in range(8)}, "installs holds 9 loose files"),
    ({f"templates/installs/page_{number}.html": "" for number in range(31)}, "templates/installs holds 31 files"),
    ({f"tests/postbacks/test_{number}.py": "" for number in range(31)}, "tests/postbacks holds 31 files"),
]


def write(root: Path, files: dict[str, str]) -> None:
    for path, source in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source)


def test_a_sound_tree_has_no_fault(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert faults(tmp_path) == []
    assert sizes(tmp_path) == []


@pytest.mark.parametrize(("path", "source", "said"), PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, path: str, source: str, said: str) -> None:
    write(tmp_path, {**SOUND, path: source})
    found = faults(tmp_path)
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize("tag", ["include", "extends"])
def test_a_planted_part_of_another_wing_is_found(tmp_path: Path, tag: str) -> None:
    own, deeper, another = (
        f'{{% {tag} "installs/{place}.html" %}}' for place in ("store/_a", "postbacks/_a", "search/_a")
    )
    pages = {"store/page": own, "installations/page": deeper, "exchange/page": another}
    write(tmp_path, {f"templates/installs/{name}.html": source for name, source in pages.items()})
    assert template_faults(tmp_path) == ["templates/installs/exchange/page.html shows a part of search"]


def test_wings_in_a_circle_are_found() -> None:
    assert circle({"postbacks": {"outbound"}, "outbound": {"postbacks"}}) != []
    assert circle(WINGS) == []


@pytest.mark.parametrize(("files", "said"), OVERSIZED)
def test_what_is_too_large_is_found(tmp_path: Path, files: dict[str, str], said: str) -> None:
    write(tmp_path, {**SOUND, **files})
    assert said in sizes(tmp_path)
