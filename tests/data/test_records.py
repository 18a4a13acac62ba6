"""Records survive the disk; what is wrong in a file is named by file, line and field."""

import dataclasses
import json
import re
import resource
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from negjudge.data.nested import from_dict
from negjudge.data.records import (
    Label,
    Pair,
    Sample,
    Verdict,
    Vote,
    append_records,
    read_records,
    sample_id,
    write_records,
)
from negjudge.errors import NegjudgeError

VOTE = Vote("0123456789abcdef", "annotator-1", "simulated", "object", "yes")
text = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.floats(allow_nan=False, allow_infinity=False)
votes = st.builds(
    Vote,
    sample=text,
    annotator=text,
    source=st.sampled_from(["people", "simulated"]),
    question=st.sampled_from(["object", "element", "quality"]),
    answer=st.sampled_from(["yes", "no", "unsure", "1", "5"]),
)
samples = st.builds(
    Sample,
    method=st.sampled_from(["none", "cfg", "vsf", "nag", "nasa"]),
    params=st.dictionaries(text, numbers | st.booleans() | text),
    seed=st.integers(),
    **dict.fromkeys(["id", "pair", "object", "element", "prompt", "negative", "image", "sha256"], text),
    **dict.fromkeys(["model", "revision", "device", "dtype"], text),
    **dict.fromkeys(["steps", "width", "height"], st.integers(0, 4096)),
)
pairs = st.builds(
    Pair, others=st.lists(text).map(tuple), **dict.fromkeys(["id", "object", "element", "prompt"], text)
)
verdicts = st.builds(Verdict, success=st.none() | numbers, error=st.none() | text, abstained=st.booleans())
each_file = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@each_file
@given(
    records=st.one_of(*(st.lists(kind, min_size=1, max_size=4) for kind in (votes, samples, pairs, verdicts)))
)
def test_what_is_written_is_read(tmp_path, records):
    kind = type(records[0])
    write_records(tmp_path / "written.jsonl", records)
    assert read_records(tmp_path / "written.jsonl", kind) == records
    (tmp_path / "appended.jsonl").unlink(missing_ok=True)
    for record in records:
        append_records(tmp_path / "appended.jsonl", [record])
    assert (tmp_path / "appended.jsonl").read_bytes() == (tmp_path / "written.jsonl").read_bytes()


@each_file
@given(records=st.lists(votes, min_size=1, max_size=4), cut=st.integers(0), more=st.lists(votes, max_size=2))
def test_a_file_cut_anywhere_keeps_its_whole_records_and_goes_on(tmp_path, records, cut, more):
    path = tmp_path / "votes.jsonl"
    write_records(path, records)
    content = path.read_bytes()
    cut %= len(content) + 1
    path.write_bytes(content[:cut])
    # A record is whole up to its closing brace, with its newline or without.
    ends = [m.end() for m in re.finditer(rb"\}(?=\n)", content)]
    whole = records[: sum(end <= cut for end in ends)]
    assert read_records(path, Vote) == whole
    append_records(path, more)
    assert read_records(path, Vote) == whole + more
    assert path.read_bytes().count(b"\n") == len(whole) + len(more)


def test_a_long_torn_line_is_cut_at_its_start(tmp_path):
    path = tmp_path / "votes.jsonl"
    append_records(path, [VOTE])
    with open(path, "ab") as file:
        file.write(b'{"sample": "' + b"x" * 20_000)
    append_records(path, [VOTE])
    assert read_records(path, Vote) == [VOTE, VOTE]


def test_a_missing_file_is_empty(tmp_path):
    assert read_records(tmp_path / "none.jsonl", Vote) == []


def line(**changes):
    values = dataclasses.asdict(VOTE) | changes
    return json.dumps({name: value for name, value in values.items() if value is not ...}) + "\n"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line(answer="maybe"), "field 'answer' is 'maybe', expected one of 'yes', 'no', 'unsure'"),
        (line(sample=7), "field 'sample' is 7, expected str"),
        (line(annotator=None), "field 'annotator' is None"),
        (line(annotator=...), "field 'annotator' of the Vote is missing"),
        (line(anotator="x"), "unknown field 'anotator' in a Vote"),
        ("{oops\n", "not valid JSON"),
        ("[1]\n", "expected a JSON object, got list"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, bad, message):
    path = tmp_path / "votes.jsonl"
    path.write_text(line() + bad + line())
    with pytest.raises(NegjudgeError) as caught:
        read_records(path, Vote)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (Sample, "seed", 1.5),
        (Sample, "seed", True),
        (Sample, "params", {"scale": [1]}),
        (Pair, "others", "wheels"),
        (Pair, "others", [1]),
        (Pair, "essential", 1),
        (Label, "probability", "0.5"),
        (Label, "counts", {"yes": 0.5}),
        (Verdict, "success", True),
    ],
)
def test_wrong_types_are_refused(kind, field, value):
    good = {
        Sample: dict.fromkeys([f.name for f in dataclasses.fields(Sample)], "x")
        | {"method": "vsf", "params": {"scale": 1}, "seed": 1, "steps": 8, "width": 64, "height": 64},
        Pair: dict.fromkeys(["id", "object", "element", "prompt", "negative"], "x"),
        Label: {
            "sample": "x",
            "question": "object",
            "answer": "tie",
            "probability": None,
            "counts": {"yes": 1},
        }
        | {"source": "people"},
        Verdict: {},
    }[kind]
    assert isinstance(from_dict(good, kind, "here"), kind)
    with pytest.raises(NegjudgeError, match=f"^here: field '{field}' is "):
        from_dict(good | {field: value}, kind, "here")


def test_nan_is_not_a_probability(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_records(tmp_path / "v.jsonl", [Verdict(success=float("nan"))])
    assert read_records(tmp_path / "v.jsonl", Verdict) == []
    (tmp_path / "v.jsonl").write_text('{"success": NaN}\n')
    with pytest.raises(NegjudgeError, match=r"v\.jsonl:1: not valid JSON"):
        read_records(tmp_path / "v.jsonl", Verdict)


def test_sample_id_is_stable_and_sees_every_value():
    # Written down once: ids in published files must never change.
    assert sample_id(pair="bicycle-wheels", params={"scale": 1.0, "offset": 0}, seed=3) == "28dc170124aaa0d6"
    assert sample_id(a=1, b={"c": 2.0, "d": 1}) == sample_id(b={"d": 1.0, "c": 2}, a=1.0)
    assert len({sample_id(a=value) for value in (1, 1.5, True, "1", None, [1])}) == 6


def limited(tmp_path, body):
    """Run code in a process whose files may not pass 4096 bytes, as if the disk were full."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    code = (
        "import sys\nfrom negjudge.data.records import *\nfrom negjudge.data.records import Vote\n"
        + textwrap.dedent(body)
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_leaves_whole_records_and_names_the_file(tmp_path):
    ended = limited(
        tmp_path,
        """
        try:
            for n in range(10_000):
                append_records("votes.jsonl", [Vote(f"{n:016x}", "a", "people", "object", "yes")])
        except OSError as error:
            print(error.filename)
            sys.exit(3)
        """,
    )
    assert (ended.returncode, ended.stdout) == (3, "votes.jsonl\n")
    content = (tmp_path / "votes.jsonl").read_bytes()
    assert content.endswith(b"}\n")
    kept = read_records(tmp_path / "votes.jsonl", Vote)
    assert [int(vote.sample, 16) for vote in kept] == list(range(len(kept)))
    assert len(kept) > 10


def test_a_full_disk_keeps_the_old_file(tmp_path):
    write_records(tmp_path / "votes.jsonl", [VOTE])
    ended = limited(
        tmp_path, 'write_records("votes.jsonl", [Vote("x" * 5000, "a", "people", "object", "yes")])'
    )
    assert "OSError" in ended.stderr
    assert read_records(tmp_path / "votes.jsonl", Vote) == [VOTE]
    assert [path.name for path in tmp_path.iterdir()] == ["votes.jsonl"]
