"""Settings of the portal. Everything an operator sets comes from the environment or `.env`; see `.env.example`."""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from installs.exchange.stand_in import stand_in_answers
from linnapp.credentials import is_encryption_key
from linnapp.log_lines import logging_of
from linnapp.queues import queue
from linnapp.setting_values import MAKE_ENV, Settings, is_loopback

BASE_DIR = Path(__file__).resolve().parent.parent
env = Settings(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")), os.environ.get("ENV_FILE", ".env"), os.environ)

SECRET_KEY = env.required("SECRET_KEY", least=32)
# Fernet keys, newest first: Application Secrets and permanent tokens are encrypted with the first, read with any.
CREDENTIAL_KEYS = [key for key in env.required("CREDENTIAL_KEYS").split(",") if key]
if not all(map(is_encryption_key, CREDENTIAL_KEYS)):
    env.refuse("CREDENTIAL_KEYS", f"CREDENTIAL_KEYS contains something that is not a Fernet key. {MAKE_ENV}")
# Key of the digests by which credentials are found. Another key finds nothing: keep a copy, apart from the backups.
DIGEST_KEY = env.required("DIGEST_KEY")
DEBUG = env.switch("DEBUG")

# Seconds between the moment at which /readyz says that a machine stops, and the end of its web processes.
DRAIN_SECONDS = env.whole("DRAIN_SECONDS", 2, least=0, most=600)
# What /readyz calls too little room, in MB, and too long a wait of a job and of an e-mail that is due, in seconds.
LEAST_DISK_MB = env.whole("LEAST_DISK_MB", 100, least=0)
QUEUE_AGE_SECONDS = env.whole("QUEUE_AGE_SECONDS", 60)
MAIL_AGE_SECONDS = env.whole("MAIL_AGE_SECONDS", 120)

# Where the portal listens, and the address people and clients use for it.
HOST = env.text("HOST", "127.0.0.1")
PORT = env.whole("PORT", 8000, most=65_535)
# Web processes; the processes that make pages for each of them, one page at a time, and the requests that wait for one.
# Exchanges and data calls do not wait with them.
WEB_WORKERS = env.whole("WEB_WORKERS", 2)
PAGE_PROCESSES = env.whole("PAGE_PROCESSES", 2, most=100)
PAGES_WAITING = env.whole("PAGES_WAITING", 100, least=0, most=10_000)
# Connections of a web process in all and of one address (those of TRUSTED_PROXIES aside), and the bytes of requests and
# answers that it holds for slow ones.
CONNECTIONS = env.whole("CONNECTIONS", 4000, least=10)
CONNECTIONS_PER_ADDRESS = env.whole("CONNECTIONS_PER_ADDRESS", 1000, least=10)
HELD_BYTES = env.whole("HELD_BYTES", 256 * 1024 * 1024, least=32 * 1024 * 1024)
# Worker processes of `manage.py serve`: Python runs one thread of a process at a time, so one keeps one core busy.
WORKERS = env.whole("WORKERS", min(os.cpu_count() or 1, 2), most=100)
# Jobs at a time of a worker process.
WORKER_THREADS = env.whole("WORKER_THREADS", 4)
# Postbacks that a worker process sends at the same time.
POSTBACK_THREADS = env.whole("POSTBACK_THREADS", 32, most=1000)
# Connectors that a worker process tests at the same time.
CONNECTOR_CHECK_THREADS = env.whole("CONNECTOR_CHECK_THREADS", 8, most=100)
SITE = env.address("SITE_URL", f"http://localhost:{PORT}", bare=True)
SITE_URL = SITE.geturl()
SITE_HOST = SITE.hostname or ""
ON_LOOPBACK = is_loopback(SITE_HOST) and is_loopback(HOST)
HTTPS = SITE.scheme == "https"
# http beyond loopback sends passwords and tokens in the clear: it must be wished for.
ALLOW_HTTP = env.switch("ALLOW_HTTP")
IN_THE_CLEAR = not HTTPS and not is_loopback(SITE_HOST)
if IN_THE_CLEAR and not ALLOW_HTTP:
    env.refuse("SITE_URL", f"SITE_URL is {SITE_URL}: use https, or set ALLOW_HTTP=true to accept plain http.")

# Demo data, and a sign-in with one click for the people in it.
DEMO = env.switch("DEMO")
DEMO_PASSWORD = env.text("DEMO_PASSWORD")
# Staff need a second factor; not in the demo, where anybody is anybody, and not where a test signs them in.
STAFF_NEED_FACTOR = not (DEMO or env.switch("STAFF_WITHOUT_FACTOR"))
MORE_HOSTS = env.hosts("ALLOWED_HOSTS")
for name, words in (
    ("DEMO", "DEMO=true lets anybody sign in: it"),
    ("DEBUG", "DEBUG=true shows settings and code to anybody: it"),
    ("STAFF_WITHOUT_FACTOR", "STAFF_WITHOUT_FACTOR=true lets staff in with a password alone: it"),
):
    if env.switch(name) and not ON_LOOPBACK:
        env.refuse(name, f"{words} runs on loopback only, not with SITE_URL={SITE_URL} and HOST={HOST}.")
    if env.switch(name) and not all(map(is_loopback, MORE_HOSTS)):
        env.refuse(name, f"{words} runs on loopback only, not with ALLOWED_HOSTS={','.join(MORE_HOSTS)}.")

LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [
    f"[{SITE_HOST}]" if ":" in SITE_HOST else SITE_HOST,
    *(LOOPBACK_NAMES if is_loopback(SITE_HOST) else []),
    *MORE_HOSTS,
]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "linnapp.views.typed.token_refused"
# Proxies whose X-Forwarded-For is believed, as networks, read from the right.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", not_everybody=True)

# The wire. Clients read `Server` as the address of their data calls.
DATA_SERVER_URL = env.data_server("DATA_SERVER_URL", SITE_URL)
LOCALITY = env.one_of("LOCALITY", ("EU", "US", "AS"), "EU", "Clients know EU, US and AS.")
# Credentials in the query string end up in access logs: refused unless the operator wants them.
ALLOW_QUERY_CREDENTIALS = env.switch("ALLOW_QUERY_CREDENTIALS")
# Pages whose scripts may make data calls; none, unless set. Never an exchange: a secret does not belong in a page.
API_ALLOWED_ORIGINS = env.origins("API_ALLOWED_ORIGINS")
# Files that answer data calls: a stand-in for tests.
STAND_IN_ANSWERS = stand_in_answers(env.text("STAND_IN_ANSWERS"), BASE_DIR)
SESSION_IDLE_SECONDS = env.whole("SESSION_IDLE_SECONDS", 1800)
SESSION_ABSOLUTE_SECONDS = env.whole("SESSION_ABSOLUTE_SECONDS", 24 * 3600)
SESSIONS_PER_INSTALLATION = env.whole("SESSIONS_PER_INSTALLATION", 20)
EXCHANGES_PER_MINUTE = env.whole("EXCHANGES_PER_MINUTE", 150)

# How much one may have, and may ask for in a day or a minute, so that nobody's load is another's; 0 is without a limit.
ACCOUNTS_PER_PERSON = env.quota("ACCOUNTS_PER_PERSON", 20)
APPLICATIONS_PER_ACCOUNT = env.quota("APPLICATIONS_PER_ACCOUNT", 200)
CONNECTORS_PER_ACCOUNT = env.quota("CONNECTORS_PER_ACCOUNT", 100)
VERSIONS_PER_DAY = env.quota("VERSIONS_PER_DAY", 100)
TESTS_PER_MINUTE = env.quota("TESTS_PER_MINUTE", 20)
TESTS_PER_MINUTE_TO_HOST = env.quota("TESTS_PER_MINUTE_TO_HOST", 60)
INVITATIONS_PER_DAY = env.quota("INVITATIONS_PER_DAY", 200)
INVITATIONS_PER_DAY_TO_ONE = env.quota("INVITATIONS_PER_DAY_TO_ONE", 20)
MAILS_PER_DAY = env.quota("MAILS_PER_DAY", 300)
MAILS_PER_DAY_TO_ONE = env.quota("MAILS_PER_DAY_TO_ONE", 40)

# What goes out to other servers: https to public addresses, unless the operator allows more.
OUTBOUND_ALLOW_HTTP = env.switch("OUTBOUND_ALLOW_HTTP")
OUTBOUND_ALLOWED_NETWORKS = env.networks("OUTBOUND_ALLOWED_NETWORKS")
# Certificates of authorities that are trusted beside those that Mozilla lists.
OUTBOUND_CA_FILE = env.certificates_in("OUTBOUND_CA_FILE")

# What /metrics and /readyz tell beyond this machine, they tell whoever has this token.
METRICS_TOKEN = env.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    env.refuse("METRICS_TOKEN", "METRICS_TOKEN is shorter than 16 characters. Write a longer one, or leave it out.")

# Everything the portal writes on its own machine when no other engine is named.
STATE_DIR = env.folder("STATE_DIR", BASE_DIR / "var")

# Named without a URL, because a folder may have a “%” or “#” in its name.
EMBEDDED_DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(STATE_DIR / "db.sqlite3")}
DATABASE: dict[str, Any] = env.database("DATABASE_URL") if env.text("DATABASE_URL") else EMBEDDED_DATABASE
DATABASES = {"default": DATABASE}
DATABASE["CONN_MAX_AGE"] = None
# After a restart of the database the first page of each thread asks again in place of failing.
DATABASE["CONN_HEALTH_CHECKS"] = True
if DATABASE["ENGINE"].endswith("sqlite3"):
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    OPTIONS = DATABASE.setdefault("OPTIONS", {})
    OPTIONS |= {"server_side_binding": True, "prepare_threshold": 1}
    # Compiling a plan costs more than any page's statement: 0.1 s and more where a guess of its cost is high.
    OPTIONS["options"] = f"-c jit=off {OPTIONS.get('options', '')}".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis("REDIS_URL")
# Nothing that a page needs lies on Redis: counters are rows, and while the queue is away the rows are looked through.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
HUEY = queue(REDIS_URL, STATE_DIR / "huey.sqlite3", SECRET_KEY)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "huey.contrib.djhuey",
    # After the others: what they put into the admin is put there again by ours, in its own way.
    "linnapp",
    "installs",
    "linnapp.apps.PortalAdminConfig",
]

MIDDLEWARE = [
    "linnapp.middleware.RequestReference",
    # Answers the machines' paths itself: what follows is for people.
    "linnapp.middleware.MachineApi",
    "linnapp.page_figures.TimedPages",
    "linnapp.middleware.SchemeOfSite",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "linnapp.compression.CompressedPages",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "linnapp.middleware.PageHeaders",
    "linnapp.middleware.ReadersLocale",
    "linnapp.middleware.UploadLimit",
    "linnapp.middleware.Storable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "linnapp.signing_in.sign_in_required.TypedForms",
    "linnapp.signing_in.sign_in_required.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "linnapp.signing_in.sign_in_required.FreshSignIn",
    "django_htmx.middleware.HtmxMiddleware",
    "linnapp.signing_in.factors_first.FactorsFirst",
    "linnapp.signing_in.browser_sessions.BrowserSessions",
    "linnapp.staff_inside.StaffInside",
    "linnapp.middleware.LastAccount",
    "linnapp.middleware.ReadersTimeZone",
    "linnapp.middleware.WrongMethod",
]
ROOT_URLCONF = "linnapp.urls"
MACHINE_URLCONF = "installs.api_urls"
# What answers clients of the protocol without passing the threads of pages.
MACHINE_DOOR = "installs.exchange.door.Door"
# What a monitor reads, which a web process answers beside the processes of pages.
MONITORED = "installs.metrics.text"
# What a web process begins beside answering requests.
ON_WEB_START = ["installs.exchange.ledger.start_flushing"]
# Crews (linnapp.crews) of a worker process, each with threads of its own beside the jobs.
# Of a machine's workers one has the clock.
CLOCK = "linnapp.periodic.crew"
ON_WORKER_START = [
    "linnapp.health.beats.crew",
    "linnapp.outbox.crew",
    "installs.postbacks.courier.crew",
    "installs.connectors.checking.crew",
]
WSGI_APPLICATION = "linnapp.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["linnapp.templatetags.names", "linnapp.templatetags.forms"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "linnapp.frames.frame",
            ],
        },
    },
]
FORM_RENDERER = "linnapp.forms.rendering.PortalFormRenderer"

# People and their sign-in.
AUTH_USER_MODEL = "linnapp.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "linnapp.passwords.NotCommon"},
    {"NAME": "linnapp.passwords.NoNames"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "linnapp.people.PeopleAdapter"
ACCOUNT_FORMS = {
    "signup": "linnapp.forms.people.SignUpForm",
    "login": "linnapp.forms.people.SignInForm",
    "add_email": "linnapp.forms.people.AddressForm",
    "reset_password": "linnapp.forms.people.ForgottenPasswordForm",
    "reset_password_from_key": "linnapp.forms.people.NewPasswordForm",
    "change_password": "linnapp.forms.people.OwnPasswordForm",
    "reauthenticate": "linnapp.forms.people.StillYouForm",
}
# linnapp.services.knocks counts instead, in rows: allauth's keys hold the Host header, and a cache forgets.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# An address that waits for another person is no reason to sign its owner up without it.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
# One address a person: a new one takes the old one's place once it is verified.
ACCOUNT_CHANGE_EMAIL = True
# A changed password or address is told by mail, to the old address too.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE.scheme
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Credentials are shown again after a sign-in this fresh, in seconds. allauth's own count knows passwords that are not
# enough where there is a second factor, and factors that were removed: nothing is fresh by it.
FRESH_SIGN_IN_SECONDS = 900
ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
ACCOUNT_REAUTHENTICATION_REQUIRED = True

# Staff who open no page for so long are signed out.
STAFF_IDLE_SECONDS = env.whole("STAFF_IDLE_SECONDS", 1800, least=120)

# Second factors. A passkey is one, and a sign-in by itself.
MFA_ADAPTER = "linnapp.signing_in.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Steps of 30 seconds that the clock of a phone may be wrong.
MFA_TOTP_TOLERANCE = 1
# Otherwise whoever has a factor could change their address no more.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = False

# Mail is written down as rows and sent by the worker: printed, unless EMAIL_URL names a server.
EMAIL_BACKEND = "linnapp.mail.Outbox"
DELIVERY_EMAIL = env.mail_server("EMAIL_URL")
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", f"linnapp@{SITE_HOST}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10

# One language with two ways to write moments, by what the browser asks for (linnapp.moments). Not en-gb: Django's texts
# for that are older than those it has without a translation.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("en-us", "English (United States)")]
FORMAT_MODULE_PATH = "linnapp.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = STATE_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Bytes of one request's body; a manifest of 200 modules needs many fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700

# What a browser may do with a page: security.md of the operator's documentation.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Requests of one browser do not erase what one another keep.
SESSION_ENGINE = "linnapp.sessions"
MESSAGE_STORAGE = "linnapp.sessions.MessageStorage"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
LAST_ACCOUNT_COOKIE_NAME = "__Host-account" if HTTPS else "account"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
TYPED_COOKIE_NAME = "__Host-typed" if HTTPS else "typed"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_LEVEL = env.one_of("LOG_LEVEL", LOG_LEVELS, "WARNING", "Write DEBUG, INFO, WARNING or ERROR.")
# One line a record for people, or one JSON object for what gathers logs.
LOG_FORMAT = env.one_of("LOG_FORMAT", ("TEXT", "JSON"), "TEXT", "Write text or json.").lower()
# Faults are told to a Sentry, or what speaks its protocol, when one is named; its library is not loaded otherwise.
SENTRY_DSN = env.sentry("SENTRY_DSN")
LOGGING = logging_of(LOG_FORMAT, LOG_LEVEL, SENTRY_DSN, SITE_HOST)
