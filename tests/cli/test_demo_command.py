"""`tollhouse demo` as a process of its own, as a newcomer runs it."""

import asyncio
import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import termios
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tollhouse import simulator

COMMAND = [sys.executable, "-m", "tollhouse", "demo"]
KEY = "sk-a-visitors-own-key-0123456789"
FACTS = (
    "date", "place", "vehicle_make", "vehicle_model", "vehicle_year", "mileage", "speed", "crash", "fire",
    "persons_hurt", "police_report", "other_party", "damage", "amount",
)  # fmt: skip
TRIAGE = {
    "summary": "A part\x1b[31m failed.",  # nothing of a model's may reach the terminal's control
    "category": "defect",
    "urgency": "low",
    "reasons": ["only damage"],
    "facts": dict.fromkeys(FACTS),
    "needs_human": False,
}
HEADINGS = ["id", "category", "urgency", "needs human", "summary", "reasons"]


def environment(temp: Path, **more: str) -> Mapping[str, str]:
    """What a shell gives, with a temporary folder that shows what is left behind; no COLUMNS."""
    return {"PATH": os.environ["PATH"], "TMPDIR": str(temp), "TERM": "xterm", "LANG": "C.UTF-8", **more}


def ended(temp: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(temp, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


async def test_on_a_terminal_it_fits_serves_the_curl_line_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    provider = await a_provider()
    openai = ["--provider", "openai"]  # here it is the simulator, which is faster than the in-house engine

    def story() -> tuple[str, tuple[str, Mapping[str, str]], str, int]:
        with on_a_terminal(environment(tmp_path, **visitors(provider)), 80, *openai) as terminal:
            shown = terminal.read_until("until Ctrl-C")
            answered = asked(line_with(shown, "curl -si "))
            terminal.type(b"\x03")
            return shown, answered, *terminal.end()

    shown, (answer, headers), rest, code = await asyncio.to_thread(story)

    await provider.close()
    prose = " ".join(shown.split())
    assert code == 0, shown + rest
    assert "everything is removed" in rest
    assert list(tmp_path.iterdir()) == []
    assert re.split(r" {2,}", line_with(shown, "id  ")) == HEADINGS
    assert len(line_with(shown, "1017072 ")) <= 80
    assert re.match(r"1017072  defect +low +no +A part\[31m failed", line_with(shown, "1017072 "))
    for said in (
        "costs at most 0.50 USD",
        "n = 50",
        "always low",
        "no statistic",
        "NHTSA",
        "2 Simulated",
        "init my-toll",
    ):
        assert said in prose
    assert (answer, headers["x-tollhouse-degraded"]) == ("complaint", "inhouse")
    for page in ("readyz", "metrics", "api/docs"):
        assert f"/{page}" in shown
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", int(re.findall(r"http://127.0.0.1:(\d+)/readyz", shown)[0])))


async def test_the_json_adds_up_is_the_ledgers_and_sends_nothing_unasked(tmp_path: Path) -> None:
    provider = await a_provider()
    arguments = ["--exit", "--json", "--keep", "--port", str(port := free_port())]

    run = await asyncio.to_thread(ended, tmp_path, *arguments, **visitors(provider))

    assert run.returncode == 0, run.stderr
    assert len(provider.requests) == 0
    await provider.close()
    report = json.loads(run.stdout)
    claims, failures = report["claims"], report["failures"]
    assert report["server"]["url"] == f"http://127.0.0.1:{port}"
    rated = [(each["severity"], each["output"]["urgency"]) for each in claims["results"]]
    rows = claims["confusion"]["rows"]
    assert len(rated) == claims["confusion"]["n"] == claims["ledger"]["calls"] == 50
    assert all(rows[severity][urgency] == rated.count((severity, urgency)) for severity in rows for urgency in rows)
    assert claims["confusion"]["always_low"]["right"] == sum(severity == "low" for severity, _ in rated)
    assert claims["ledger"]["attempts"] == sum(each["attempts"] for each in claims["results"])
    assert claims["ledger"]["deployments"] == {"inhouse/auto": 50}
    assert claims["ledger"]["cost_usd"] == "0"
    assert {each["id"]: each["urgency"] for each in claims["hurt"]} == {"489289": "high", "830011": "high"}
    for member in ("booked_nanousd", "billed_nanousd", "difference_nanousd"):
        assert failures[member] == sum(each[member] for each in failures["cases"])
    differing = {each["staged"]: each["because"] for each in failures["cases"] if each["difference_nanousd"]}
    assert failures["explained"]
    assert all(differing.values())
    assert [each["seen"] for each in failures["cases"]][-1] == "429, budget_exceeded"
    kept = Path(report["kept"])
    assert list(tmp_path.iterdir()) == [kept]
    assert str(kept) in run.stderr
    assert (kept / "tollhouse.yaml").stat().st_mode & 0o077 == 0
    usage = subprocess.run(
        [sys.executable, "-m", "tollhouse", "usage", "--json", "--config", str(kept / "tollhouse.yaml")],
        env=environment(tmp_path),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(usage.stdout)["total"]["calls"] == 50 + len(failures["cases"])


def test_in_a_pipe_rows_are_lines_and_ctrl_c_halfway_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        COMMAND, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines = [line for line, _ in zip(process.stdout, range(8), strict=False)]
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)

    place = next(number for number, line in enumerate(lines) if line.startswith("id  "))
    assert re.split(r" {2,}", lines[place].rstrip()) == HEADINGS
    assert re.match(r"1 +\w+ +(high|medium|low) +(yes|no) +BRAKE PEDAL", lines[place + 1])
    assert process.returncode == 130
    assert told.startswith("tollhouse ")
    assert "interrupted; everything is stopped and removed." in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


async def test_the_most_it_may_cost_is_said_first_and_what_is_billed_is_booked_even_if_no_answer_will_do(
    tmp_path: Path,
) -> None:
    provider = await a_provider()
    provider.script("gpt-5-mini", ["sim-json"])  # fits the schema, but a year like that no vehicle has
    arguments = ["--provider", "openai", "--exit", "--json", "--keep"]

    run = await asyncio.to_thread(ended, tmp_path, *arguments, **visitors(provider))

    await provider.settled()
    asked_first, _, rest = run.stderr.partition("\n")
    assert "costs at most 0.50 USD" in asked_first
    assert provider.base_url in asked_first
    assert rest.startswith("tollhouse ")
    assert run.returncode == 1
    assert "error: 50 of 50 reports failed" in rest
    report = json.loads(run.stdout)
    ledger = report["claims"]["ledger"]
    assert ledger["deployments"] == {"openai/gpt-5-mini": len(provider.requests)}
    assert ledger["attempts"] == provider.bill.line_count == 100
    assert round(float(ledger["cost_usd"]) * 1e9) == provider.bill.total_nano_usd > 0
    assert report["failures"]["explained"]
    assert KEY not in (Path(report["kept"]) / "tollhouse.yaml").read_text()
    await provider.close()


def test_openai_without_a_key_is_refused_and_nothing_is_started(tmp_path: Path) -> None:
    run = ended(tmp_path, "--provider", "openai", "--exit")

    assert run.returncode == 2
    assert run.stdout == ""
    assert "OPENAI_API_KEY" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = ended(tmp_path, "--exit", "--port", str(port))

    assert run.returncode == 1
    assert f"127.0.0.1:{port}" in run.stderr
    assert "--port" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", descriptor: int) -> None:
        self._process = process
        self._descriptor = descriptor

    def read_until(self, words: str) -> str:
        """Read what is shown, colours and bar taken out. Ends with the words, or with the process."""
        seen = b""
        while words not in seen.decode("utf-8", "replace"):
            piece = self._read()
            if not piece:
                break
            seen += piece
        return plain(seen)

    def type(self, letters: bytes) -> None:
        os.write(self._descriptor, letters)

    def end(self) -> tuple[str, int]:
        return self.read_until("\0"), self._process.wait(60)

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, 65_536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return b""


ON_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes standard input the process's own terminal, so that a typed Ctrl-C reaches it."""


@contextmanager
def on_a_terminal(environ: Mapping[str, str], columns: int, *arguments: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, columns))
    command = [sys.executable, "-c", ON_ITS_TERMINAL, *COMMAND, *arguments]
    with subprocess.Popen(
        command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(ours)


async def a_provider() -> simulator.Simulator:
    """What answers at the address that the visitor's environment names as OpenAI's."""
    provider = await simulator.start(api_keys=[KEY])
    provider.script("gpt-5-mini", [simulator.Reply(json.dumps(TRIAGE))])
    return provider


def visitors(provider: simulator.Simulator) -> dict[str, str]:
    return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": provider.base_url}


def plain(seen: bytes) -> str:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode("utf-8", "replace"))
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def line_with(text: str, start: str) -> str:
    return next(line.rstrip() for line in text.splitlines() if line.startswith(start))


def asked(curl: str) -> tuple[str, Mapping[str, str]]:
    """Do what the line does; return the answer's words and its headers."""
    words = shlex.split(curl)
    url, body = words[2], words[words.index("-d") + 1]
    headers = dict(words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H")
    request = urllib.request.Request(url, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.loads(response.read())
        return answer["choices"][0]["message"]["content"], dict(response.headers)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
