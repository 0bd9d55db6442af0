from django.urls import path

from installs.documentation import views

urlpatterns = [
    path("docs/", views.documentation, name="documentation"),
    path("docs/<slug:document>/", views.document, name="document"),
]
