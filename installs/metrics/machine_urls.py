"""What a monitor reads."""

from django.urls import path

from installs.metrics import views

urlpatterns = [path("metrics", views.metrics, name="metrics")]
