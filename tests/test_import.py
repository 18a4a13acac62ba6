"""What `import negjudge` may cost."""

import subprocess
import sys

import negjudge


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


def test_import_is_light():
    names = ["data.records", "data.questions", "data.runs", "recipes"]
    loaded = modules_after("import negjudge, " + ", ".join(f"negjudge.{name}" for name in names))
    assert "negjudge.recipes" in loaded
    assert not loaded & {"torch", "transformers", "diffusers", "numpy", "PIL", "label_studio_sdk"}


def test_labelling_and_measuring_leave_torch_out():
    names = [
        "labeling.stage",
        "labeling.labelstudio.server",
        "labeling.agreement",
        "statistics.metrics",
        "data.splits",
        "external.importing",
        "oracle.readings",
        "cli",
        "guidance",
    ]
    loaded = modules_after("import " + ", ".join(f"negjudge.{name}" for name in names))
    assert {f"negjudge.{name}" for name in names} <= loaded
    assert "torch" not in loaded


def test_records_are_reached_from_the_top():
    from negjudge import Sample
    from negjudge.data.records import Sample as same

    assert Sample is same
    assert set(dir(negjudge)) == set(negjudge.__all__)


def test_unknown_attribute_is_an_attribute_error():
    assert not hasattr(negjudge, "Jugde")
