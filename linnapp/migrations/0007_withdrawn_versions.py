"""A version may be withdrawn: of a released one, `withdrawn_at` is what the database lets go, and nothing else. The
person who created it may only be forgotten, when their row is deleted."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GUARDED = "id, application_id, kind, major, minor, patch, snapshot, notes, created_at"
REPLACED = "NEW.created_by_id IS NOT NULL AND (OLD.created_by_id IS NULL OR NEW.created_by_id <> OLD.created_by_id)"
# Remade with the table by whatever migration alters linnapp_version on SQLite: repeat this operation there.
ON_SQLITE = (
    "DROP TRIGGER IF EXISTS released_versions_never_change",
    "DROP TRIGGER IF EXISTS released_versions_keep_their_maker",
    f"""
    CREATE TRIGGER released_versions_never_change BEFORE UPDATE OF {GUARDED} ON linnapp_version
    FOR EACH ROW WHEN OLD.kind = 'RELEASED'
    BEGIN SELECT RAISE(ABORT, 'a released version never changes'); END
    """,
    f"""
    CREATE TRIGGER released_versions_keep_their_maker BEFORE UPDATE OF created_by_id ON linnapp_version
    FOR EACH ROW WHEN OLD.kind = 'RELEASED' AND {REPLACED}
    BEGIN SELECT RAISE(ABORT, 'a released version never changes'); END
    """,
)
# The function is that of migration 0002.
ON_POSTGRESQL = (
    "DROP TRIGGER IF EXISTS released_versions_never_change ON linnapp_version",
    "DROP TRIGGER IF EXISTS released_versions_keep_their_maker ON linnapp_version",
    f"""
    CREATE TRIGGER released_versions_never_change BEFORE UPDATE OF {GUARDED} ON linnapp_version
    FOR EACH ROW WHEN (OLD.kind = 'RELEASED') EXECUTE FUNCTION refuse_change_of_released_version()
    """,
    f"""
    CREATE TRIGGER released_versions_keep_their_maker BEFORE UPDATE OF created_by_id ON linnapp_version
    FOR EACH ROW WHEN (OLD.kind = 'RELEASED' AND {REPLACED}) EXECUTE FUNCTION refuse_change_of_released_version()
    """,
)


def guard_released_versions(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in ON_POSTGRESQL if editor.connection.vendor == "postgresql" else ON_SQLITE:
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0006_counts_of_attempts")]
    operations = [migrations.RunPython(guard_released_versions, migrations.RunPython.noop)]
