"""A PostgreSQL and a Redis of the drill's own: in its folder, on free ports, as a user without rights, to be killed."""

import os
import pwd
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit.portal import answers, free_port

START_SECONDS = 30
# Root does not run PostgreSQL: whoever of these there is does it for the drill.
WITHOUT_RIGHTS = ("postgres", "nobody")
SETTINGS = """
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
"""


@dataclass(frozen=True)
class Binaries:
    """What this machine has; `missing` says what it lacks, in a sentence."""

    postgres: Path | None
    redis: str | None

    @property
    def missing(self) -> str:
        if self.postgres and self.redis:
            return ""
        names = [name for name, found in (("PostgreSQL", self.postgres), ("Redis", self.redis)) if not found]
        return f"no {' and no '.join(names)} on this machine (looked on the PATH and in /usr/lib/postgresql)"


def binaries() -> Binaries:
    return Binaries(_postgres_folder(), shutil.which("redis-server") or shutil.which("valkey-server"))


def _postgres_folder() -> Path | None:
    """Of the newest PostgreSQL that has all it takes to start one: Debian keeps these off the PATH."""
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    on_path = shutil.which("initdb")
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *of_debian]
    return next((path for path in folders if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def _as_whom() -> tuple[dict[str, Any], pwd.struct_passwd | None]:
    """Arguments of a process without rights, and who that is; none and nobody else unless this is root."""
    if os.geteuid() != 0:
        return {}, None
    for name in WITHOUT_RIGHTS:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}, user
    raise RuntimeError(f"PostgreSQL does not run as root, and there is none of {', '.join(WITHOUT_RIGHTS)} here")


def _folder(parent: Path, name: str) -> Path:
    folder, (_, user) = parent / name, _as_whom()
    folder.mkdir(mode=0o700)
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _wait_until_answers(port: int, what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(port):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not answer on port {port}")
        time.sleep(0.05)


class Postgres:
    def __init__(self, parent: Path, programs: Path) -> None:
        self.folder, self.programs = _folder(parent, "postgres"), programs
        self.port = free_port()
        self.data = self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgres://drill@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        self._run("initdb", "--username=drill", "--auth=trust", "--encoding=UTF8", "--no-locale")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(port=self.port))
        self._control("start")

    def restart(self) -> None:
        """As a machine that fell over comes back: nobody is asked to finish, and the log is read again."""
        self._control("restart", "--mode=immediate")

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self._control("stop", "--mode=immediate")

    def _control(self, *order: str) -> None:
        self._run("pg_ctl", *order, "--wait", f"--timeout={START_SECONDS}", f"--log={self.folder / 'log'}")

    def _run(self, program: str, *arguments: str) -> None:
        who, _ = _as_whom()
        # Into a file: the server that pg_ctl leaves behind would hold a pipe open.
        with (self.folder / f"{program}.out").open("ab") as output:
            done = subprocess.run(
                [self.programs / program, *arguments, f"--pgdata={self.data}"],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=3 * START_SECONDS,
                check=False,
                **who,
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {(self.folder / f'{program}.out').read_text()[-2000:]}")


class Redis:
    """Keeps nothing on disk: killed, it comes back empty, and the queue with it."""

    def __init__(self, parent: Path, program: str) -> None:
        self.folder, self.program = _folder(parent, "redis"), program
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        who, _ = _as_whom()
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self.folder.parent / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env={}, stdout=log, stderr=log, **who)
        _wait_until_answers(self.port, "Redis")

    def restart(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
