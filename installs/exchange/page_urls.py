from django.urls import path

from installs.exchange import page_views

urlpatterns = [path("calls/", page_views.answered_calls, name="answered_calls")]
