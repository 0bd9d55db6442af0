"""The portal's settings in an environment of their own, so that nobody's `.env` plays a part in the tests.

DATABASE_URL and REDIS_URL count when they are set: the same suite runs on either engine.
"""

import atexit
import os
import shutil
import tempfile

# The first process makes the folder and removes it; the ones it starts for pytest-xdist inherit the name. `make lint`
# names one, because mypy, which reads these settings too, leaves without tidying up.
if "LINNAPP_TESTS_DIR" not in os.environ:
    os.environ["LINNAPP_TESTS_DIR"] = tempfile.mkdtemp(prefix="linnapp-tests-")
    atexit.register(shutil.rmtree, os.environ["LINNAPP_TESTS_DIR"], ignore_errors=True)

os.environ.update(
    ENV_FILE=os.devnull,
    STATE_DIR=os.path.join(os.environ["LINNAPP_TESTS_DIR"], os.environ.get("PYTEST_XDIST_WORKER", "main")),
    SECRET_KEY="tests-only-secret-key-tests-only-secret-key-tests-only",
    CREDENTIAL_KEYS="dGVzdHMtb25seS1jcmVkZW50aWFsLWtleS0xMjM0NTY=",
    DIGEST_KEY="dGVzdHMtb25seS1kaWdlc3Qta2V5LTEyMzQ1Njc4OTA=",
    HOST="127.0.0.1",
    PORT="8000",
    SITE_URL="http://localhost:8000",
    DEMO="false",
    # Most tests of staff are about something else; tests/factors has those that need one.
    STAFF_WITHOUT_FACTOR="true",
    # Playwright's loop runs in the thread of the tests, which makes Django refuse to touch the database.
    DJANGO_ALLOW_ASYNC_UNSAFE="true",
)

from linnapp.settings import *  # noqa: F403
from linnapp.settings import DATABASES, STATE_DIR, STATIC_ROOT, STORAGES

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: SQLite in memory fails under writing threads.
    DATABASES["default"] |= {"TEST": {"NAME": str(STATE_DIR / "test.sqlite3")}}
# WhiteNoise warns of a folder that is not there.
STATIC_ROOT.mkdir(exist_ok=True)
# The one of production refuses a file that was not collected.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Hashing a password well takes a quarter of a second each time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
