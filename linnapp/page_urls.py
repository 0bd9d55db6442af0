from django.urls import URLPattern, path

from linnapp.url_patterns import ACCOUNT, APPLICATION
from linnapp.views import (
    access,
    account_activity,
    account_home,
    applications,
    browser_sessions,
    demo,
    factor_rules,
    general,
    home,
    modules,
    modules_json,
    own_person,
    profile,
    record,
    team,
)

MODULES = f"{APPLICATION}/modules/"
DRAFT = f"{MODULES}draft/"
MODULE = f"{DRAFT}<str:module>/"
PARAMETER = f"{MODULE}parameters/<int:parameter>/"

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path(f"{ACCOUNT}/", account_home.account_home, name="account_home"),
    path(f"{ACCOUNT}/start/", home.start, name="start"),
    path(f"{ACCOUNT}/applications/", applications.application_list, name="application_list"),
    path(f"{ACCOUNT}/applications/new/", applications.application_new, name="application_new"),
    path(
        f"{APPLICATION}/general/",
        general.application_general,
        name="application_general",
    ),
    path(
        f"{APPLICATION}/general/logo/",
        general.application_logo,
        name="application_logo",
    ),
    path(
        f"{APPLICATION}/general/logo/remove/",
        general.application_logo_remove,
        name="application_logo_remove",
    ),
    path(
        f"{APPLICATION}/general/secrets/<int:secret>/reveal/",
        general.secret_reveal,
        name="secret_reveal",
    ),
    path(MODULES, modules.manifest_edit, name="manifest_edit"),
    path(f"{MODULES}json/", modules_json.manifest_json, name="manifest_json"),
    path(f"{MODULES}json/preview/", modules_json.json_preview, name="json_preview"),
    path(f"{MODULES}json/import/", modules_json.json_import, name="json_import"),
    path(f"{MODULES}json/form/", modules_json.json_as_form, name="json_as_form"),
    path(f"{MODULES}export/", modules_json.manifest_export, name="manifest_export"),
    path(DRAFT, modules.draft_show, name="draft_show"),
    path(f"{DRAFT}json/", modules_json.draft_as_json, name="draft_as_json"),
    path(f"{DRAFT}unsaved/", modules.draft_unsaved, name="draft_unsaved"),
    path(f"{DRAFT}add-module/", modules.module_add, name="module_add"),
    path(f"{DRAFT}put-back/", modules.module_put_back, name="module_put_back"),
    path(f"{MODULE}up/", modules.module_up, name="module_up"),
    path(f"{MODULE}down/", modules.module_down, name="module_down"),
    path(f"{MODULE}duplicate/", modules.module_duplicate, name="module_duplicate"),
    path(f"{MODULE}delete/", modules.module_delete, name="module_delete"),
    path(f"{MODULE}undo/", modules.module_undo_delete, name="module_undo_delete"),
    path(f"{MODULE}add-parameter/", modules.parameter_add, name="parameter_add"),
    path(f"{PARAMETER}delete/", modules.parameter_delete, name="parameter_delete"),
    path(f"{PARAMETER}undo/", modules.parameter_undo_delete, name="parameter_undo_delete"),
    path(f"{MODULES}<str:module>/", modules.manifest_module, name="manifest_module"),
    path("logos/<str:digest>.png", general.logo, name="logo"),
    # Team and accounts
    path(f"{ACCOUNT}/team/", team.team, name="team"),
    path(f"{ACCOUNT}/team/record/", record.team_record, name="team_record"),
    path(f"{ACCOUNT}/team/invite/", team.invitation_create, name="invitation_create"),
    path(f"{ACCOUNT}/team/invitations/<int:invitation>/revoke/", team.invitation_revoke, name="invitation_revoke"),
    path(f"{ACCOUNT}/team/<int:member>/role/", team.member_role, name="member_role"),
    path(f"{ACCOUNT}/team/<int:member>/remove/", team.member_remove, name="member_remove"),
    path(f"{ACCOUNT}/team/staff/<uuid:access_id>/end/", access.access_end, name="access_end"),
    # Staff, inside an account
    path("inside/<slug:slug>/", access.access_enter, name="access_enter"),
    path("inside/<uuid:access_id>/leave/", access.access_leave, name="access_leave"),
    path(f"{ACCOUNT}/activity/", account_activity.account_activity, name="account_activity"),
    path(f"{ACCOUNT}/settings/", team.account_settings, name="account_settings"),
    path(f"{ACCOUNT}/settings/second-factor/", factor_rules.account_factors, name="account_factors"),
    path("accounts/new/", team.account_new, name="account_new"),
    path("accounts/none/", own_person.account_none, name="account_none"),
    path("invitations/<str:token>/", team.invitation_accept, name="invitation_accept"),
    # Profile
    path("profile/", profile.profile, name="profile"),
    path("profile/record/", record.own_record, name="own_record"),
    path("profile/second-factor/", factor_rules.factor_begin, name="factor_begin"),
    path("profile/security/browsers/<int:session>/end/", browser_sessions.session_end, name="session_end"),
    path("profile/security/browsers/end/", browser_sessions.sessions_end_others, name="sessions_end_others"),
    path("profile/mails/", own_person.profile_mails, name="profile_mails"),
    path("profile/export/", own_person.profile_export, name="profile_export"),
    path("profile/delete/", own_person.profile_delete, name="profile_delete"),
    # Demo
    path("demo/sign-in/", demo.demo_sign_in, name="demo_sign_in"),
]
