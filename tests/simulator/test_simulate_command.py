"""`tollhouse simulate` as a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest

COMMAND = [sys.executable, "-c", "import typer; from tollhouse.cli.simulate import simulate; typer.run(simulate)"]


@contextmanager
def running(*arguments: str, command: Sequence[str] = COMMAND) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; yield it and its first line."""
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def asked(url: str, model: str = "sim-echo") -> str | None:
    with openai.OpenAI(base_url=url, api_key="any", max_retries=0) as client:
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}])
    return answer.choices[0].message.content


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_serves_until_it_is_told_to_stop(stop: signal.Signals, code: int) -> None:
    with running("--json", "--seed", "3") as (process, line):
        told = json.loads(line)
        said = asked(told["url"])
        process.send_signal(stop)
        _, remarks = process.communicate(timeout=30)

    assert said == "hello"
    assert {"sim-echo", "sim-429"} <= set(told["models"])
    assert process.returncode == code
    assert remarks == "1 requests, 4500 nano-USD on the bill\n"


def test_it_prints_its_address_and_models_for_people() -> None:
    with running() as (process, line):
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        rest = process.stdout.read()

    assert line.startswith("Simulated provider at http://127.0.0.1:")
    assert "sim-cut-reset" in rest


def test_the_line_is_on_the_bill_when_the_answer_is_there_even_if_the_process_is_killed(tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    for round_ in (1, 2):
        with running("--json", "--bill", str(bill)) as (process, line):
            asked(json.loads(line)["url"])
            lines = bill.read_text().splitlines()
            process.kill()

        assert [json.loads(entry)["n"] for entry in lines] == list(range(1, round_ + 1))


def test_no_answer_leaves_without_its_line_when_the_disk_is_full(tmp_path: Path) -> None:
    bill = tmp_path / "bill.jsonl"
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *COMMAND]  # files of at most 1 KiB
    with running("--json", "--bill", str(bill), command=limited) as (process, line):
        answered = _answered(json.loads(line)["url"], most=100)
        process.send_signal(signal.SIGTERM)
        _, remarks = process.communicate(timeout=30)

    lines = bill.read_text().splitlines()
    assert answered == len(lines) > 1
    assert [json.loads(entry)["n"] for entry in lines] == list(range(1, answered + 1))
    assert "BillNotWritten" in remarks
    assert process.returncode == 0


def _answered(url: str, most: int) -> int:
    for count in range(most):
        try:
            asked(url)
        except openai.APIConnectionError:
            return count
    return most


def test_labels_prices_and_keys_are_taken(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("text,label\nhello,greeting\n")
    (tmp_path / "prices.json").write_text('{"*": {"input_per_million": "1", "output_per_million": "1"}}')
    options = ["--labels", str(tmp_path / "labels.csv"), "--prices", str(tmp_path / "prices.json"), "--api-key", "any"]
    with running("--json", *options) as (process, line):
        said = asked(json.loads(line)["url"], "sim-labels")
        with (
            pytest.raises(openai.AuthenticationError),
            openai.OpenAI(base_url=json.loads(line)["url"], api_key="no") as other,
        ):
            other.chat.completions.create(model="sim-echo", messages=[{"role": "user", "content": "x"}])
        process.send_signal(signal.SIGTERM)
        _, remarks = process.communicate(timeout=30)

    assert said == "greeting"
    assert remarks == "1 requests, 4000 nano-USD on the bill\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--listen", "nowhere"], 2, "--listen takes HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], 2, "--listen takes HOST:PORT"),
        (["--labels", "/nowhere/labels.csv"], 1, "No such file"),
        (["--bill", "/nowhere/bill.jsonl"], 1, "No such file"),
    ],
)
def test_what_it_cannot_use_it_names(arguments: list[str], code: int, said: str) -> None:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == code
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_said() -> None:
    with running("--json") as (_, line):
        address = json.loads(line)["url"].removeprefix("http://").removesuffix("/v1")
        ended = subprocess.run([*COMMAND, "--listen", address], capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 1
    assert "in use" in ended.stderr
