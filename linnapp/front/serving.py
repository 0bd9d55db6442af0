"""The web process: the front on one event loop, with the machines' endpoints, and a few processes for pages."""

import asyncio
import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module

import uvloop
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.urls import get_resolver
from django.utils.module_loading import import_string

from linnapp import figures
from linnapp.front.connection import Door, Front
from linnapp.front.crowd import Crowd, Limits
from linnapp.front.health import Health
from linnapp.front.maker import Place, forked
from linnapp.front.monitored import Monitored
from linnapp.front.pages import LONGEST, Pages
from linnapp.front_figures import tell_part
from linnapp.supervision import DRAIN

# Connections that nobody has taken up yet.
BACKLOG = 2048
# Bytes of an answer that the system holds for a reader, beside those that this process does.
SYSTEM_HOLDS = 64 * 1024
# Files that are open beside connections.
OTHER_FILES = 100
# A process that another takes the place of tells its clients with its next answer to them; so long it waits for one.
GENTLE_SECONDS = 3.0
# How the front stands is written down for a monitor so often.
TELLS_EVERY = 1.0
# So long a process that starts waits for its first look at all parts: else it would call itself away before it knows.
FIRST_LOOK_SECONDS = 3.0
# A page that is still being made when nobody is left to read it is given up after this.
REAP_SECONDS = 1.0


# Our end of the channel to a process that makes pages, and its id.
Channel = tuple[socket.socket, int]


@dataclass(frozen=True)
class Stop:
    """Set by signals: `gently` where another process has taken this one's place."""

    asked: asyncio.Event
    gently: asyncio.Event

    @staticmethod
    def on_signals(loop: asyncio.AbstractEventLoop) -> "Stop":
        stop = Stop(asyncio.Event(), asyncio.Event())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.asked.set)
        loop.add_signal_handler(signal.SIGUSR1, stop.gently.set)
        return stop


def run(listener: socket.socket, *, ready: int | None, grace: float) -> None:
    """Serves until a signal asks to stop; what is being answered then has `grace` seconds. Writes a byte to the file
    descriptor `ready` once it answers."""
    makers = page_makers(listener)
    figures.begin("web")
    begin_beside()
    health = Health()
    health.watch.start()
    health.watch.wait(FIRST_LOOK_SECONDS)
    uvloop.run(serve(listener, makers, health, ready, grace))
    reap(process for _, process in makers)


def reap(processes: Iterable[int]) -> None:
    """They end by themselves when their channel is closed, or are ended."""
    until = time.monotonic() + REAP_SECONDS
    for process in processes:
        while os.waitpid(process, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.005)


def page_makers(listener: socket.socket) -> list[Channel]:
    """Forked while nothing else runs here, with all that pages need loaded once. They leave the listener alone: while
    anybody has it open, the system lets clients in whom nobody answers."""
    application = import_string(settings.WSGI_APPLICATION)
    place = Place(settings.SITE_HOST, settings.PORT, settings.SITE.scheme)
    # Loads every view, which would happen with the first request.
    get_resolver().check()
    gc.freeze()

    def begin() -> None:
        listener.close()
        begin_pages()

    return [forked(application, place, begin) for _ in range(settings.PAGE_PROCESSES)]


def begin_pages() -> None:
    """No page is waited for any longer: nor does the database go on with it."""
    figures.begin("page")
    begin_beside()
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"]
        # A plan that is to fit every application reads a hundred thousand rows for the largest one by the index of few.
        own = f"-c statement_timeout={int(LONGEST * 1000)} -c plan_cache_mode=force_custom_plan"
        options["options"] = f"{options.get('options', '')} {own}".strip()


def begin_beside() -> None:
    for start in settings.ON_WEB_START:
        import_string(start)()


async def serve(
    listener: socket.socket, makers: Sequence[Channel], health: Health, ready: int | None, grace: float
) -> None:
    loop = asyncio.get_running_loop()
    stop = Stop.on_signals(loop)
    door: Door = import_string(settings.MACHINE_DOOR)()
    monitored = Monitored(import_module(settings.MONITORED))
    # A process that is gone cannot be made anew beside threads: all of this one is, by whoever started it.
    pages = Pages(settings.PAGES_WAITING, broken=stop.gently.set)
    await pages.begin(makers)
    front = Front(door, monitored, pages, Crowd(limits()), render_to_string("503.html").encode(), health)
    loop.add_signal_handler(DRAIN, front.drain)
    server = await loop.create_server(front.connection, sock=listener, backlog=BACKLOG)
    beside = [loop.create_task(front.crowd.keep_sweeping()), loop.create_task(keep_telling(front))]
    if ready is not None:
        os.write(ready, b"1")
        os.close(ready)
    await first_of(stop.asked, stop.gently)
    await leave(front, server, stop, grace)
    for task in beside:
        task.cancel()
    monitored.close()
    await door.close()
    await pages.close()


async def keep_telling(front: Front) -> None:
    while True:
        front.standing().tell()
        for state in front.health.watch.states():
            tell_part(state.name, is_up=not state.words)
        await asyncio.sleep(TELLS_EVERY)


def limits() -> Limits:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    connections = min(settings.CONNECTIONS, max(most - OTHER_FILES, 1))
    return Limits(connections, settings.CONNECTIONS_PER_ADDRESS, settings.HELD_BYTES)


async def leave(front: Front, server: asyncio.Server, stop: Stop, grace: float) -> None:
    """No new connection, an end to those that wait, and time for those that are being answered."""
    loop = asyncio.get_running_loop()
    front.is_leaving = True
    if stop.asked.is_set():
        front.drain()
    server.close()
    if stop.gently.is_set():
        await until(lambda: not front.crowd.members or stop.asked.is_set(), loop.time() + GENTLE_SECONDS)
    await until(lambda: everybody_left(front), loop.time() + grace)
    for member in list(front.crowd.members):
        member.abort()


def everybody_left(front: Front) -> bool:
    """Looked at again and again: who was being answered may wait for more by now, and is let go."""
    front.let_go()
    return not front.crowd.members


async def first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def until(condition: Callable[[], bool], deadline: float) -> None:
    loop = asyncio.get_running_loop()
    while not condition() and loop.time() < deadline:
        await asyncio.sleep(0.02)
