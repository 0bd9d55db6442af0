from django.urls import path

from installs.help.views import asking, inbox
from linnapp.url_patterns import ACCOUNT

CASE = f"{ACCOUNT}/help/<uuid:case>"
OF_SUPPORT = "support/cases/<uuid:case>"

urlpatterns = [
    path("help/new/", asking.help_new, name="help_new"),
    path(f"{ACCOUNT}/help/", asking.help_cases, name="help_cases"),
    path(f"{CASE}/", asking.help_case, name="help_case"),
    path(f"{CASE}/write/", asking.help_case_write, name="help_case_write"),
    path(f"{CASE}/solve/", asking.help_case_solve, name="help_case_solve"),
    path(f"{ACCOUNT}/report/<uuid:application>/", asking.application_report, name="application_report"),
    path("support/cases/", inbox.support_cases, name="support_cases"),
    path(f"{OF_SUPPORT}/", inbox.support_case, name="support_case"),
    path(f"{OF_SUPPORT}/answer/", inbox.support_case_answer, name="support_case_answer"),
    path(f"{OF_SUPPORT}/move/", inbox.support_case_move, name="support_case_move"),
    path(f"{OF_SUPPORT}/assign/", inbox.support_case_assign, name="support_case_assign"),
]
