"""Pages of the admin that edit: through which service, by whom, and what they keep apart."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, returns, without

EDITING = "linnapp.admin_editing"
RIGHTS = "linnapp.services.rights"

BREAKAGES = (
    Breakage(
        "the admin writes past the service",
        EDITING,
        "EditingAdmin.save_model",
        instead("self.save_by_service(obj, form, by)", "obj.save()"),
        ("test_admin_editing", "test_same_as_on_the_page"),
    ),
    Breakage(
        "whoever may not type a field is given it",
        EDITING,
        "EditingAdmin.get_form",
        instead("name in typed", "True"),
        ("test_who_may_change", "test_admin_editing"),
    ),
    Breakage(
        "an edit in the admin undoes what somebody else wrote meanwhile",
        "linnapp.form_fields",
        "MeanwhileForm.started_from",
        returns("{}"),
        ("test_admin_editing",),
    ),
    Breakage(
        "every admin reads an application's Summary",
        "installs.admin.applications",
        "ApplicationAdmin.changeable_by",
        instead("request.user.has_perm(WORK_PERMISSION)", "True"),
        ("test_who_may_change", "test_admin_editing"),
    ),
    Breakage(
        "staff give themselves a seat",
        "linnapp.services.people",
        "_refuse_own_seat",
        never("by.is_staff"),
        ("test_admin_editing",),
    ),
    Breakage(
        "any admin makes somebody a superuser",
        RIGHTS,
        "_refuse_others",
        never("by.person.pk not in superusers"),
        ("test_rights",),
    ),
    Breakage(
        "a superuser takes away their own rights",
        RIGHTS,
        "_refuse_others",
        never("row.pk == by.person.pk"),
        ("test_admin_editing", "test_rights"),
    ),
    Breakage(
        "whoever is no staff any more stays inside accounts",
        RIGHTS,
        "_record",
        without("access.end_all"),
        ("test_rights",),
    ),
    Breakage(
        "an act of the admin is anybody's who may read the table",
        "linnapp.admin_pages",
        "ReadOnlyAdmin.act_view",
        never("not self.may_do(wanted, request.user)"),
        ("test_admin_editing",),
    ),
)
