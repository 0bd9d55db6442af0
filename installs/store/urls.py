from django.urls import path

from installs.store.views import listing, offers
from linnapp.url_patterns import ACCOUNT, APPLICATION

urlpatterns = [
    path(f"{ACCOUNT}/store/", offers.store_list, name="store"),
    path(f"{ACCOUNT}/store/<uuid:application>/", offers.store_application, name="store_application"),
    path(f"{APPLICATION}/listing/", listing.listing_page, name="listing"),
    path(f"{APPLICATION}/listing/request/", listing.listing_request, name="listing_request"),
    path(f"{APPLICATION}/listing/take-back/", listing.listing_take_back, name="listing_take_back"),
]
