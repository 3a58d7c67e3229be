"""The tests' warm interpreter: a program in its fork ends and speaks as in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm import Order, warm_interpreter

PROGRAMS = {
    "streams": "import sys\nprint('é')\nprint('é', file=sys.stderr)\nprint(sys.stdin.read())",
    "place": "import os, sys\nprint(sys.argv[1:], sys.path[0], os.getcwd(), __name__)",
    "environment": "import os, time\nprint(sorted(os.environ.items()), time.tzname)",
    "number": "raise SystemExit(3)",
    "words": "raise SystemExit('no such thing')",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
    "end": "import atexit\natexit.register(print, 'at the end')\nraise SystemExit(4)",
    "thread": "import threading\nthreading.Timer(0.1, print, ['late']).start()\nprint('main')",
    "child": "import subprocess\nsubprocess.run(['echo', 'from a child'])",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_the_same_as_in_a_fresh_interpreter(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text(PROGRAMS[name], encoding="utf-8")
    env = {**os.environ, "ONE_MORE": "1", "TZ": "Asia/Tokyo"}
    fresh = subprocess.run(
        [sys.executable, "-m", name, "--flag"],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    warm = warm_interpreter().run(Order(str(tmp_path), name, ["--flag"], env), timeout_s=60)
    assert (warm.returncode, warm.stdout, warm.stderr) == (
        fresh.returncode,
        fresh.stdout,
        fresh.stderr,
    )


def test_what_fails_shows_its_traceback_and_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    interpreter, env = warm_interpreter(), dict(os.environ)
    (tmp_path / "broken.py").write_text("1 / 0", encoding="utf-8")
    broken = interpreter.run(Order(str(tmp_path), "broken", [], env), timeout_s=60)
    assert broken.returncode == 1
    assert broken.stderr.startswith("Traceback (most recent call last):")
    assert broken.stderr.endswith("ZeroDivisionError: division by zero\n")

    (tmp_path / "endless.py").write_text("while True: pass", encoding="utf-8")
    with pytest.raises(subprocess.TimeoutExpired):
        interpreter.run(Order(str(tmp_path), "endless", [], env), timeout_s=0.2)
