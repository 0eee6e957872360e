"""Fuzz a city for as long as it takes: seeded, in blocks, taken up again where it stopped.

    python tests/fuzz/campaign.py --requests 100000 --seed 4 --state /dev/shm/fuzz

Every worker has a city of its own below the state folder and goes through blocks of a thousand
requests; after each it writes what it met. Run again with the same folder, it goes on. At the end:
command lines in this process and as programs, and bytes written to a served city. Progress goes to
stderr, the sum as JSON to stdout; the exit status is 1 where anything was met that must not be.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import shutil
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
warnings.simplefilter("ignore")

_BLOCK = 1000
_RENEW = 1500
_LOOK_EVERY = 5
_GROWN_MIB = 150


def main() -> int:
    """Run the whole, or with ``--worker`` one part of it."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--requests", type=int, default=100_000)
    told.add_argument("--commands", type=int, default=1200)
    told.add_argument("--programs", type=int, default=200)
    told.add_argument("--sockets", type=int, default=4000)
    told.add_argument("--seed", type=int, default=4)
    told.add_argument("--state", type=Path, required=True)
    told.add_argument("--workers", type=int, default=2)
    told.add_argument("--worker", help="a number, `commands` or `sockets`")
    asked = told.parse_args()
    asked.state.mkdir(parents=True, exist_ok=True)
    if asked.worker:
        return _work(asked)
    _city(asked.state)
    parts = [*map(str, range(asked.workers)), "commands", "sockets"]
    running = [_started(part) for part in parts[: asked.workers]]
    for program in running:
        program.wait()
    for part in parts[asked.workers :]:
        _started(part).wait()
    return _sum(asked.state, parts)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _started(part: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, *sys.argv[1:], "--worker", part])


def _city(state: Path) -> Path:
    from builder.app import build_demo

    city = state / "city"
    if not (city / "scenarist.toml").exists():
        shutil.rmtree(city, ignore_errors=True)
        build_demo(city, scale=1, say=lambda *_: None)
    return city


def _work(asked: argparse.Namespace) -> int:
    file = asked.state / f"met-{asked.worker}.json"
    if asked.worker == "commands":
        return _typed(asked, file)
    if asked.worker == "sockets":
        return _written(asked, file)
    return _requested(asked, file)


def _requested(asked: argparse.Namespace, file: Path) -> int:
    """Send this worker's share of the requests."""
    import fuzz_requests
    import fuzz_world

    home = asked.state / f"city-{asked.worker}"
    before = json.loads(file.read_text("utf-8")) if file.exists() else {"blocks": 0, "met": {}}
    if not before["blocks"]:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(asked.state / "city", home)
    world = fuzz_world.build(home)
    fuzz_world.plant(world)
    world.met.update(before["met"])
    memory: list[int] = []
    wanted = -(-asked.requests // asked.workers // _BLOCK)
    for block in range(before["blocks"], wanted):
        rng = random.Random(f"{asked.seed}:{asked.worker}:{block}")  # noqa: S311 - a draw that can be repeated
        began, goal = time.monotonic(), (block + 1) * _BLOCK
        sent = 0
        while _answers(world.met) < goal:
            if sent % _RENEW == 0:
                world.sign_in()
            fuzz_requests.one(rng, world)
            sent += 1
        if block % _LOOK_EVERY == _LOOK_EVERY - 1 or block == wanted - 1:
            world.look_at_stores()
        gc.collect()
        memory.append(_memory_mib())
        file.write_text(json.dumps({
            "blocks": block + 1, "met": world.met, "wrong": world.wrong, "memory_mib": memory,
        }, ensure_ascii=False), "utf-8")  # fmt: skip
        _say(f"{asked.worker}: {goal} of {wanted * _BLOCK}, {time.monotonic() - began:.0f} s a "
              f"thousand, {memory[-1]} MiB, {len(world.wrong)} wrong")  # fmt: skip
    world.platform.close()
    return 0


def _answers(met: Counter[str]) -> int:
    return sum(n for said, n in met.items() if said.isdigit() or said == "HEAD")


def _memory_mib() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 // 2**20


def _typed(asked: argparse.Namespace, file: Path) -> int:
    import fuzz_commands

    home, folder = asked.state / "city-commands", asked.state / "typed"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(asked.state / "city", home)
    folder.mkdir(exist_ok=True)
    rng = random.Random(f"{asked.seed}:commands")  # noqa: S311 - a draw that can be repeated
    met, wrong = fuzz_commands.type_in(rng, home, folder, asked.commands)
    _say(f"commands: {asked.commands}, {len(wrong)} wrong")
    apart, more = fuzz_commands.type_apart(rng, home, folder, asked.programs)
    wrong += more
    _say(f"programs: {asked.programs}, {len(more)} wrong")
    wrong += _unsound(home)
    file.write_text(json.dumps({"met": met + apart, "wrong": wrong}, ensure_ascii=False), "utf-8")
    return 0


def _written(asked: argparse.Namespace, file: Path) -> int:
    import fuzz_sockets
    from served import served

    home = asked.state / "city-sockets"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(asked.state / "city", home)
    with served(home, workers=2) as server:
        before = server.memory_mib
        met, wrong = fuzz_sockets.write(server.port, asked.sockets, asked.seed)
        grown = server.memory_mib - before
        alive, _ = fuzz_sockets.write(server.port, 1, 0)
    if grown > _GROWN_MIB:
        wrong.append(f"the served city grew by {grown:.0f} MiB")
    if "closed" in alive and not alive.total():
        wrong.append("the server is gone")
    wrong += _unsound(home)
    said = {f"socket {k}": n for k, n in met.items()}
    file.write_text(json.dumps({"met": said, "wrong": wrong}, ensure_ascii=False), "utf-8")
    _say(f"sockets: {asked.sockets}, {len(wrong)} wrong")
    return 0


def _unsound(home: Path) -> list[str]:
    import fuzz_world

    world = fuzz_world.build(home)
    world.look_at_stores()
    world.platform.close()
    return world.wrong


def _sum(state: Path, parts: list[str]) -> int:
    """Print the sum of all parts."""
    met: Counter[str] = Counter()
    wrong: list[str] = []
    memory: dict[str, list[int]] = {}
    for part in parts:
        said = json.loads((state / f"met-{part}.json").read_text("utf-8"))
        met.update(said["met"])
        wrong += said["wrong"]
        held = said.get("memory_mib", [])
        memory[part] = [held[0], held[-1]] if held else []
        if len(held) > 4 and held[-1] - held[len(held) // 4] > _GROWN_MIB:
            wrong.append(f"worker {part} grew from {held[len(held) // 4]} to {held[-1]} MiB")
    found = {"requests": _answers(met), "met": dict(sorted(met.items())), "memory_mib": memory,
             "wrong": wrong[:100]}  # fmt: skip
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
