"""Publishing a judge: what of its folder goes to the Hub, and in which form others can load it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, not re-exported

from negjudge.errors import NegjudgeError
from negjudge.judge.loading import ADAPTER, find_base, load_model, quiet, with_adapter
from negjudge.judge.settings import read_judge_settings, write_judge_settings

README = "README.md"
_WEIGHTS = ("adapter_config.json", "adapter_model.safetensors")


def push(folder: str | Path, repository: str, private: bool = False) -> str:
    """Upload a judge with its model card to USER/NAME on the Hub; return a line that says where it is.

    The token is the one of ``hf auth login`` or HF_TOKEN, and is never printed. Raises NegjudgeError without
    a judge, a card or a token, and when the Hub refuses.
    """
    try:
        validate_repo_id(repository)
    except HFValidationError:
        raise NegjudgeError(f"{repository!r} is no repository; give USER/NAME") from None
    with tempfile.TemporaryDirectory() as made:
        prepare(Path(folder), Path(made))
        token = get_token()
        if token is None:
            raise NegjudgeError("not logged in to the Hub; run `hf auth login` or set HF_TOKEN")
        try:
            api = HfApi(token=token)
            url = api.create_repo(repository, private=private, exist_ok=True)
            api.upload_folder(repo_id=repository, folder_path=made, commit_message="Upload a judge")
        except Exception as error:  # the client's transport, and so its errors, differ between versions
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".replace(token, "(token)")
            raise NegjudgeError(f"the Hub did not take {repository}: {reason}") from None
    return f"{folder} is at {url}"


def prepare(folder: Path, target: Path) -> None:
    """Put into ``target`` what is uploaded: the card, the settings, the processor and the weights.

    A LoRA on a model of the Hub goes as it is; one on a model that is only here is merged into it, since
    nobody else could load it.
    """
    settings = read_judge_settings(folder)
    if not (folder / ADAPTER).is_file() and not (folder / "config.json").is_file():
        raise NegjudgeError(f"{folder} holds no judge; train one first")
    # Not the run folder's copy: that one may be of the judge before this one.
    if not (folder / README).is_file():
        raise NegjudgeError(f"{folder} has no model card; run `make eval card` first")
    merging = (folder / ADAPTER).is_file() and settings.base is not None and settings.base.path is not None
    for path in folder.iterdir():
        if path.is_file() and not path.name.startswith(".") and not (merging and path.name in _WEIGHTS):
            shutil.copy(path, target)
    if merging and settings.base is not None:
        with quiet():
            model = load_model(find_base(folder, settings.base), torch.float32)
            with_adapter(model, folder).merge_and_unload().save_pretrained(target)
        write_judge_settings(target, replace(settings, base=replace(settings.base, path=None)))
