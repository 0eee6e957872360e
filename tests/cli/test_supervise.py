"""A city's programs are started in order, started again when they end, and ended together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ports import free_port

from builder.cli.errors import ProgramFailed
from builder.cli.supervise import Program, Supervisor, running

LISTENING = """
import socket, sys, threading
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
threading.Event().wait()
"""
SUPERVISING = """
import pathlib, sys
from builder.cli.supervise import Program, Supervisor
home, port, script = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
s = Supervisor(home)
s.start([Program("one", [sys.executable, "-c", script, str(port)], port)])
print("up", flush=True)
s.watch()
"""


@pytest.fixture
def port():
    return free_port()


def listening(name, port, **more):
    return Program(name, [sys.executable, "-c", LISTENING, str(port)], port, **more)


def until(seen, limit_s=20.0):
    """Wait until something is seen; fail when it never is."""
    deadline = time.monotonic() + limit_s
    while not (found := seen()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    return found


def test_a_killed_program_runs_again_and_the_city_ends_whole(tmp_path, port):
    supervisor = Supervisor(tmp_path)
    seen = []
    supervisor.start([listening("one", port)], lambda done, of: seen.append((done, of)))
    assert seen == [(1, 1)]
    first = running(tmp_path)["one"]
    assert (tmp_path / first["log"]).read_text() == "ready\n"
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    os.kill(first["pid"], signal.SIGKILL)
    second = until(lambda: running(tmp_path).get("one", first)["pid"] != first["pid"])
    assert second
    until(lambda: (tmp_path / first["log"]).read_text() == "ready\n" * 2)
    supervisor.stop()
    watching.join()
    supervisor.end()
    assert running(tmp_path) == {}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_later_stage_starts_when_the_earlier_one_is_ready(tmp_path, port):
    check = f"import socket,sys; sys.exit(socket.socket().connect_ex(('127.0.0.1', {port})) and 3);"
    supervisor = Supervisor(tmp_path)
    sleeper = [sys.executable, "-c", check + "import threading; threading.Event().wait()"]
    supervisor.start([Program("late", sleeper, stage=1), listening("early", port)])
    assert set(running(tmp_path)) == {"early", "late"}
    supervisor.end()


def test_a_program_that_cannot_start_is_named_and_nothing_stays_behind(tmp_path, port):
    supervisor = Supervisor(tmp_path)
    broken = Program("broken", [sys.executable, "-c", "print('why'); raise SystemExit(1)"], port)
    with pytest.raises(ProgramFailed) as caught:
        supervisor.start([listening("fine", port + 1), broken])
    assert caught.value.facts == {"program": "broken", "log": "logs/broken.log"}
    assert (tmp_path / "logs" / "broken.log").read_text() == "why\n"
    assert running(tmp_path) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children only on Linux")
def test_the_programs_end_with_a_supervisor_that_was_killed(tmp_path, port):
    parent = subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, str(tmp_path), str(port), LISTENING],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"up\n"
    child = running(tmp_path)["one"]["pid"]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not Path(f"/proc/{child}/cmdline").exists() or _is_zombie(child))


def _is_zombie(pid):
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
