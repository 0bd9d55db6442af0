from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("linnapp.people_urls")),
    path("", include("linnapp.page_urls")),
    path("", include("installs.urls")),
]

handler500 = "linnapp.views.errors.server_error"
