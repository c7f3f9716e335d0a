"""A real PostgreSQL on loopback, in a folder of its own, with a database for each who asks."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from itertools import count
from pathlib import Path

import psycopg

from deploy.servers import MissingServerError, alive, free_port, started, wait_for

WHERE = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
"""Where Debian keeps the server's programs, which are not on the path."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # The path of a socket may be no longer than 107 bytes, which that of a folder may be.
    "unix_socket_directories": "",
    "fsync": "on",
    "shared_buffers": "64MB",
    "max_connections": "60",
}


def program(name: str) -> str:
    """The path of one of the server's programs."""
    path = os.pathsep.join([*map(str, WHERE), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        message = f"no {name} here; on Debian: apt-get install postgresql"
        raise MissingServerError(message)
    return found


def _nobody() -> str | None:
    """As whom the server runs: it refuses root."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class Postgresql:
    """One running server; it keeps its data over :meth:`kill` and :meth:`start`."""

    def __init__(self, folder: Path) -> None:
        """Start one in an empty folder.

        Raises MissingServerError where its programs are missing, or it does not start.
        """
        self.port = free_port()
        self.folder = folder
        self.user = _nobody()
        if self.user is not None:
            # The server's user must reach its folder, in which nobody else may look.
            for parent in [folder, *folder.parents]:
                if parent.owner() == "root" and parent.stat().st_mode & 0o011 == 0:
                    parent.chmod(parent.stat().st_mode | 0o011)
            shutil.chown(folder, self.user)
        self.data = folder / "data"
        self._run("initdb", "-D", self.data, "-U", "headwind", "-A", "trust", "-E", "UTF8")
        self._databases = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, name: str, *arguments: str | Path) -> None:
        subprocess.run(
            [program(name), *arguments], check=True, user=self.user, cwd="/", capture_output=True
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"-c{name}={setting}" for name, setting in SETTINGS.items()]
        command = [program("postgres"), "-D", str(self.data), f"-p{self.port}", *options]
        self._process = started(command, self.folder, user=self.user, cwd="/")
        wait_for(self._answers)

    def _answers(self) -> bool:
        alive(self._process, self.folder)
        try:
            psycopg.connect(self.dsn("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def dsn(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://headwind@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"headwind_{next(self._databases)}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.dsn(name)

    def kill(self) -> None:
        """End it as a crash would: all of its processes at once, nothing tidied up."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it without waiting for those who are connected."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
