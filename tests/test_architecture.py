"""The floors of the architecture, read from the imports: arrows point down, and `linnapp` knows nothing of `installs`.

    roof   settings, urls, wsgi, middleware, checks, apps, logging of a process: imported by nobody below
    4      views, commands, template tags
    3      forms, admin, tasks
    2      services, named by subject
    1      models
    0      values, without the ORM
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("linnapp", "installs")
ROOF = 5
# Each module, or the package that holds it; the longest name counts. A module that is not here has no floor yet:
# decide where it stands.
FLOORS = {
    "linnapp": 0,
    "linnapp.settings": ROOF,
    "linnapp.urls": ROOF,
    "linnapp.wsgi": ROOF,
    "linnapp.middleware": ROOF,
    "linnapp.checks": ROOF,
    "linnapp.apps": ROOF,
    "linnapp.page_urls": ROOF,
    "linnapp.people_urls": ROOF,
    "linnapp.admin_site": 3,
    "linnapp.first_env": 0,
    "linnapp.credentials": 0,
    "linnapp.errors": 0,
    "linnapp.manifest": 0,
    "linnapp.module_types": 0,
    "linnapp.addresses": 0,
    "linnapp.logos": 0,
    "linnapp.supervision": 0,
    "linnapp.demo_people": 0,
    "linnapp.models": 1,
    "linnapp.timeline": 2,
    "linnapp.pages": 2,
    "linnapp.mail": 2,
    "linnapp.people": 3,
    "linnapp.services": 2,
    "linnapp.forms": 3,
    "linnapp.admin": 3,
    "linnapp.views": 4,
    "linnapp.management": 4,
    "linnapp.templatetags": 4,
    "installs": 0,
    "installs.urls": ROOF,
    "installs.api_urls": ROOF,
    "installs.apps": ROOF,
    "installs.wire": 0,
    "installs.models": 1,
    "installs.authorization": 2,
    "installs.exchanges": 2,
    "installs.figures": 2,
    "installs.lifecycle": 2,
    "installs.refusals": 2,
    "installs.rotation": 2,
    "installs.search": 2,
    "installs.snapshots": 2,
    "installs.demo": 2,
    "installs.forms": 3,
    "installs.admin": 3,
    "installs.tasks": 3,
    "installs.views": 4,
    "installs.management": 4,
    "installs.templatetags": 4,
}
