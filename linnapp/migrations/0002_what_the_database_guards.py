"""A released version never changes, whoever writes; the support group; the word by which other keys are noticed."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from linnapp import credentials
from linnapp.models.people import SUPPORT_GROUP

GUARDED = "application_id, kind, major, minor, patch, snapshot, notes, created_at"
# Replaced by migration 0007, which guards every column but one.
ON_SQLITE = f"""
CREATE TRIGGER released_versions_never_change BEFORE UPDATE OF {GUARDED} ON linnapp_version
FOR EACH ROW WHEN OLD.kind = 'RELEASED'
BEGIN SELECT RAISE(ABORT, 'a released version never changes'); END
"""
ON_POSTGRESQL = f"""
CREATE FUNCTION refuse_change_of_released_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a released version never changes' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER released_versions_never_change BEFORE UPDATE OF {GUARDED} ON linnapp_version
FOR EACH ROW WHEN (OLD.kind = 'RELEASED') EXECUTE FUNCTION refuse_change_of_released_version()
"""


def guard_released_versions(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(ON_POSTGRESQL if editor.connection.vendor == "postgresql" else ON_SQLITE, params=None)


def make_support_group(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.get_or_create(name=SUPPORT_GROUP)


def write_canary(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("linnapp", "KeyCanary").objects.create(encrypted=credentials.new_canary())


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0001_initial")]
    operations = [
        migrations.RunPython(guard_released_versions, migrations.RunPython.noop),
        migrations.RunPython(make_support_group, migrations.RunPython.noop),
        migrations.RunPython(write_canary, migrations.RunPython.noop),
    ]
