"""Where a request comes from, and what its browser calls itself, in the words of its user. No text of theirs is kept or
shown; it is a hint for people, and proves nothing: anybody may send any."""

from typing import TypedDict

from django.http import HttpRequest

from linnapp.addresses import client_address

# In this order: most browsers name others too, whose pages they also read.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "FxiOS/": "Firefox",
    "Firefox/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


class Place(TypedDict):
    network: str
    device: str


def place_of(request: HttpRequest) -> Place:
    return {
        "network": client_address(request.META),
        "device": device_in_words(request.headers.get("User-Agent", "")),
    }


def device_in_words(user_agent: str) -> str:
    """“Firefox on Windows”; what is not known is said so."""
    browser, system = _first_of(BROWSERS, user_agent), _first_of(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    if system:
        return f"Unknown browser on {system}"
    return f"{browser} on an unknown device" if browser else "Unknown device"


def _first_of(names: dict[str, str], user_agent: str) -> str:
    return next((name for mark, name in names.items() if mark in user_agent), "")
