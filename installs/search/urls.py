from django.urls import path

from installs.search import views

urlpatterns = [path("search/", views.search_everything, name="search")]
