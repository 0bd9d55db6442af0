"""Demo data: people, six applications with versions, forty accounts, three hundred installations, ninety days.

Everything goes through the services that the pages call, so it is what a portal in use would hold; only the moments
are set afterwards. The same seed makes the same history, relative to now.
"""

from installs.demo.load import is_loaded, load

__all__ = ["is_loaded", "load"]
