"""Workers show themselves, so that whoever answers people knows whether anybody does the work."""

import time

from django.core.cache import cache

from linnapp.crews import Crew

# One for all workers: what matters is that there is one.
BEAT = "worker-beat"
BEATS_EVERY = 1.0


def beat() -> None:
    cache.set(BEAT, time.time(), timeout=None)


crew = Crew("beat", beat, looks_every=BEATS_EVERY)
