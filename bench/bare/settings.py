"""As little Django as answers a request, on the portal's own database with the portal's own connection options."""

from linnapp.settings import DATABASE, SECRET_KEY

__all__ = ["SECRET_KEY"]

DATABASES = {"default": DATABASE}
if DATABASE["ENGINE"].endswith("postgresql"):
    # The portal does not wait for the disk when it writes a session either.
    DATABASE["OPTIONS"]["options"] = "-c synchronous_commit=off"
INSTALLED_APPS = ["bench.bare"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.bare.urls"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
