"""Folder or Hub id, by one rule; and each way in which the Hub gives nothing is one line everywhere."""

import http.server
import threading

import pytest

from negjudge.errors import NegjudgeError
from negjudge.evaluation.evidence.candidates import _is_missing
from negjudge.evaluation.recipe import JudgeRecipe
from negjudge.generation.loras import Lora, find_lora
from negjudge.generation.pipelines import find_model as find_pipeline
from negjudge.hub_ids import is_hub_id, no_folder
from negjudge.judge.loading import find_judge

PATHS = [
    "nowhere",
    "runs/mjni",
    "./mini",
    "../mini",
    "/mini",
    "~/mini",
    "~user/mini",
    "a/b/c",
    "a/b/",
    "a/",
    "/a",
    "a/b c",
    "a--b/c",
    "a/b.git",
    "",
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "runs/mini").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_a_missing_folder_to_everyone(name):
    assert not is_hub_id(name)
    assert _is_missing(JudgeRecipe(source=name)) == (name != "")
    if name:
        for find in (find_judge, find_pipeline, lambda name: find_lora(Lora(name, "x.safetensors"))):
            with pytest.raises(NegjudgeError) as error:
                find(name)
            assert str(error.value).startswith(f"there is no model folder {name}")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["user/name", "Qwen/Qwen2.5-VL-7B-Instruct", "0user/_na.me", "run/mini"])
def test_user_and_name_are_a_hub_id(name):
    assert is_hub_id(name)
    assert not _is_missing(JudgeRecipe(source=name))


@pytest.mark.usefixtures("here")
def test_a_folder_that_is_there_is_no_hub_id():
    assert not is_hub_id("runs/mini")
    assert not _is_missing(JudgeRecipe(source="runs/mini"))


@pytest.mark.usefixtures("here")
def test_who_has_a_folder_of_a_users_name_is_told_why_the_hub_was_not_asked():
    line = "there is no model folder runs/mjni (nor was the Hub asked, since runs is a folder here)"
    assert no_folder("runs/mjni") == line
    assert no_folder("./mini") == "there is no model folder ./mini"


class Refusing(http.server.BaseHTTPRequestHandler):
    """A Hub that gives nothing, and says why as the real one does."""

    code = ""

    def do_GET(self):
        status = 403 if self.code == "GatedRepo" else 404 if self.code else 418
        self.send_response(status)
        self.send_header("X-Error-Code", self.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A function that lets the Hub's client meet an address alone, with nothing in its cache."""
    import huggingface_hub
    from huggingface_hub import constants, hf_api

    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
    monkeypatch.setattr("time.sleep", lambda _: None)  # the client waits before it tries again

    def meet(address):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + template)
        monkeypatch.setattr(hf_api.api, "endpoint", address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        huggingface_hub.close_session()

    yield meet
    huggingface_hub.close_session()


@pytest.fixture
def refusing(hub):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub(f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


FINDERS = {
    "it": find_judge,
    "its x.safetensors": lambda name: find_lora(Lora(name, "x.safetensors")),
    "it ": find_pipeline,
}


def said(part):
    with pytest.raises(NegjudgeError) as error:
        FINDERS[part]("user/name")
    line = str(error.value)
    assert "\n" not in line
    start = f"there is no folder user/name, and the Hub did not give {part.strip()}: "
    assert line.startswith(start)
    return line.removeprefix(start)


@pytest.mark.parametrize("part", FINDERS)
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "RepoNotFound",
            "there is none by that name, or it is private; check the name, or run `hf auth login`",
        ),
        ("GatedRepo", "it is gated; accept its terms on its page there, and run `hf auth login`"),
        ("RevisionNotFound", "it has no such revision; check the revision"),
        ("", "Client error '418 I'm a Teapot'"),
    ],
)
@pytest.mark.usefixtures("refusing")
def test_what_the_hub_refuses(code, reason, part, monkeypatch):
    monkeypatch.setattr(Refusing, "code", code)
    assert said(part).startswith(reason)


@pytest.mark.usefixtures("refusing")
def test_a_file_that_is_not_there(monkeypatch):
    monkeypatch.setattr(Refusing, "code", "EntryNotFound")
    assert said("its x.safetensors") == "it has no file x.safetensors; check the name"


@pytest.mark.parametrize("part", FINDERS)
def test_no_network(hub, part):
    hub("http://127.0.0.1:9")
    assert said(part) == "it cannot be reached; check the network, and try again"


@pytest.mark.parametrize("part", FINDERS)
def test_offline_on_purpose(hub, part, monkeypatch):
    from huggingface_hub import constants

    hub("http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert said(part) == "HF_HUB_OFFLINE is set, and the cache here lacks it; unset that, or fetch it first"


def test_a_full_disk_is_named(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "weights.bin")

    monkeypatch.setattr("negjudge.judge.loading.snapshot_download", full)
    assert said("it").startswith("weights.bin: no space left on the disk")
