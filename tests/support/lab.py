"""Small pictures to label, recipes for them, the stage as a process, and its server as a person sees it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml
from PIL import Image

from negjudge.data.records import Sample, sample_id, write_records
from negjudge.labeling.labelstudio.logins import address
from negjudge.labeling.labelstudio.server import stop

ROOT = Path(__file__).resolve().parents[2]
_started: list[tuple[subprocess.Popen[bytes], Path]] = []
PARTS = {"bicycle": ("wheels", "seat"), "kettle": ("lid", "handle"), "umbrella": ("handle", "cover")}


def fill(run: Path, count: int) -> list[Sample]:
    """Write ``count`` samples and their pictures into a run folder."""
    run.mkdir(parents=True, exist_ok=True)
    pairs = [(thing, part) for thing, parts in PARTS.items() for part in parts]
    samples = [_sample(run, *pairs[number % len(pairs)], number) for number in range(count)]
    write_records(run / "samples.jsonl", samples)
    return samples


def _sample(run: Path, thing: str, part: str, seed: int) -> Sample:
    name = sample_id(pair=f"{thing}-{part}", seed=seed)
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (seed % 256, seed // 256, 90)).save(buffer, "PNG")
    path = run / "images" / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return Sample(
        id=name, pair=f"{thing}-{part}", object=thing, element=part, prompt=f"a {thing}", negative=part,
        method="vsf", params={"scale": 1.0, "offset": 0.0}, seed=seed, image=f"images/{name}.png",
        sha256=hashlib.sha256(buffer.getvalue()).hexdigest(), model="none", revision="0", steps=8,
        width=16, height=16, device="cpu", dtype="float32",
    )  # fmt: skip


def recipe_values(run: Path, **changes: object) -> dict[str, Any]:
    """Return a recipe of simulated annotators; the port is a free one."""
    values = {"run": str(run), "voter": "voters:vote", "port": 0}
    return {**values, **changes}


def people_values(run: Path, samples: Path, **changes: object) -> dict[str, Any]:
    """Return a recipe of two people."""
    values: dict[str, object] = {"source": "people", "annotators": ["anna", "ben"], "samples": str(samples)}
    return recipe_values(run, voter=None, **values, **changes)


def start(values: Mapping[str, Any], folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start the stage as a process, its output in ``folder``/out; proxies that lead nowhere are set."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(dict(values)))
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    modules = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
    with open(folder / "out", "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "labeling.run", "--config", str(recipe)],
            cwd=ROOT,
            env=os.environ | nowhere | {"PYTHONPATH": modules} | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    _started.append((process, Path(values["run"])))
    return process


def count(run: Path, table: str) -> int:
    """Return the number of rows in a table of the run's Label Studio, 0 before there is one."""
    path = run / "labelstudio/data/label_studio.sqlite3"
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    except sqlite3.OperationalError:
        return 0
    try:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def url_of(run: Path) -> str:
    """Return where the run's server answers."""
    port = (run / "labelstudio/server.pid").read_text().split()[1]
    return f"http://127.0.0.1:{port}"


def administrator(run: Path) -> httpx.Client:
    """Return a client that may do everything on the run's server."""
    token = json.loads((run / "labelstudio/logins.json").read_text())["token"]
    return httpx.Client(
        base_url=url_of(run), headers={"Authorization": f"Token {token}"}, trust_env=False, timeout=600
    )


@contextlib.contextmanager
def log_in(run: Path, name: str) -> Iterator[httpx.Client]:
    """Give a client that has logged in through the page, as a person does."""
    password = json.loads((run / "labelstudio/logins.json").read_text())["passwords"][address(name)]
    with httpx.Client(base_url=url_of(run), trust_env=False, timeout=600) as client:
        client.get("/user/login/")
        token = client.cookies["csrftoken"]
        form = {"email": address(name), "password": password, "csrfmiddlewaretoken": token}
        answer = client.post("/user/login/", data=form, headers={"Referer": url_of(run)})
        assert answer.status_code == 302, answer.text
        client.headers.update({"X-CSRFToken": client.cookies["csrftoken"], "Referer": url_of(run)})
        yield client


def project(client: httpx.Client, run: Path) -> int:
    """Return the id of the run's project."""
    found = client.get("/api/projects/").json()["results"]
    (number,) = [one["id"] for one in found if one["title"] == f"negjudge {run.name}"]
    return int(number)


def result(**answers: str) -> list[dict[str, Any]]:
    """Return the answers in the form that the page sends them in."""
    return [
        {"from_name": question, "to_name": "image", "type": "choices", "value": {"choices": [answer]}}
        for question, answer in answers.items()
    ]


def end_all() -> None:
    """End the stages that ``start`` started, and their servers."""
    for process, run in _started:
        process.kill()
        process.wait()
        if (run / "labelstudio").is_dir():
            stop(run / "labelstudio")
    _started.clear()
