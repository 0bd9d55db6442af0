"""What a monitor reads."""

from django.urls import path

from installs.postbacks.views import metrics

urlpatterns = [path("metrics", metrics.metrics, name="metrics")]
