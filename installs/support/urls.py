from django.urls import path

from installs.support.views import acts, case, console, handing_over, never_connected, notes, postbacks, refused, search

INSTALLATION = "support/installations/<uuid:installation>"

urlpatterns = [
    path("support/", search.support_search, name="support_search"),
    path("support/refused/", refused.support_refused, name="support_refused"),
    path("support/never-connected/", never_connected.support_never_connected, name="support_never_connected"),
    path("support/applications/<uuid:application>/", console.support_application, name="support_application"),
    path("support/accounts/<uuid:account_key>/", console.support_account, name="support_account"),
    path(f"{INSTALLATION}/", case.support_installation, name="support_installation"),
    path(f"{INSTALLATION}/postbacks/", postbacks.support_postbacks, name="support_postbacks"),
    path(f"{INSTALLATION}/acts/<str:act>/", acts.support_act, name="support_act"),
    path(f"{INSTALLATION}/acts/<str:act>/undo/", acts.support_act_undo, name="support_act_undo"),
    path(f"{INSTALLATION}/hand-over/", handing_over.support_hand_over, name="support_hand_over"),
    path("support/notes/<str:kind>/<uuid:subject>/", notes.support_notes, name="support_notes"),
    path("support/notes/<str:kind>/<uuid:subject>/add/", notes.support_note_add, name="support_note_add"),
    path("support/notes/<uuid:note>/remove/", notes.support_note_remove, name="support_note_remove"),
]
