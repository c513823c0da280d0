"""The `regiolink` command, run in this process."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from rdflib import Dataset, Graph

from kb import __version__
from kb.imported import BadRow, Imported
from kb.importers import nuts
from kb.terms import DEF, GRAPH, mint
from server.cli import main


@pytest.fixture
def regiolink(knowledge_base, monkeypatch):
    """Runs the command on the shipped knowledge base; gives exit code, output, and errors."""
    monkeypatch.setenv("REGIOLINK_DATA_DIR", str(knowledge_base.folder.path))

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_the_version_is_told(regiolink):
    assert regiolink("--version") == (0, f"regiolink, version {__version__}\n", "")


def test_a_question_is_answered_as_table_csv_and_json(regiolink):
    name = "platforms-and-launch-years"
    assert "3 rows" in regiolink("ask", name)[1]
    rows = list(csv.reader(io.StringIO(regiolink("ask", name, "--format", "csv")[1])))
    found = json.loads(regiolink("ask", name, "--format", "json")[1])
    assert rows[0] == found["head"]["vars"] and len(rows) == 4 == len(found["results"]["bindings"]) + 1


def test_without_a_name_the_questions_are_listed(regiolink):
    code, out, _ = regiolink("ask")
    assert code == 0 and "s3-partnerships-without-cluster-partnership" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("ask", "no-such-question"), "no-such-question"),
        (("ask", "platforms-and-launch-years", "planet"), "'planet' is not of the form parameter=value."),
        (("ask", "platforms-and-launch-years", "planet=mars"), "planet"),
        (("ask", "nuts-code-succession", "code=PL12", "code=PL91"), "The parameter 'code' is given twice."),
        (("load", "nowhere.ttl"), "There is no file nowhere.ttl."),
        (("import", "nuts", "nowhere.xlsx", "--out", "x"), "There is no file nowhere.xlsx."),
        (("check", "--graph", "nowhere"), "There is no graph 'nowhere'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_two(regiolink, words, sentence):
    code, out, err = regiolink(*words)
    assert (code, out) == (2, "")
    assert err.startswith("regiolink: ") and sentence in err and len(err.strip().split("\n")) == 1


def test_a_wrong_setting_is_one_sentence(regiolink, monkeypatch):
    monkeypatch.setenv("REGIOLINK_PORT", "many")
    code, _, err = regiolink("settings")
    assert (code, err) == (
        2,
        "regiolink: The setting port is 'many'; it must be a whole number from 1 to 65535.\n",
    )


def test_settings_are_listed_with_where_they_are_from(regiolink, knowledge_base):
    out = regiolink("settings")[1]
    (line,) = [line for line in out.split("\n") if "REGIOLINK_DATA_DIR" in line]
    assert str(knowledge_base.folder.path) in line and "environment" in line


def test_the_shipped_data_has_no_violation_and_its_warnings_are_shown(regiolink):
    code, out, _ = regiolink("check")
    assert code == 0 and "Violations: 0" in out and "Warnings: 0" not in out


def test_a_check_as_json_lists_every_finding(regiolink):
    report = json.loads(regiolink("check", "--severity", "warning", "--format", "json")[1])
    assert report["conforms"] is True and report["infos"] == 0
    assert len(report["findings"]) == report["warnings"] > 0


def test_a_check_can_be_narrowed_to_one_thing_and_one_graph(regiolink):
    every = json.loads(regiolink("check", "--format", "json")[1])["findings"]
    focus = every[0]["focus"]["value"]
    one = json.loads(regiolink("check", "--focus", focus, "--format", "json")[1])["findings"]
    assert one == [found for found in every if found["focus"]["value"] == focus]
    linked = json.loads(regiolink("check", "--graph", "links/ror", "--format", "json")[1])["findings"]
    assert 0 < len(linked) < len(every) and all(found in every for found in linked)


def test_a_check_as_turtle_is_a_shacl_report(regiolink):
    out = regiolink("check", "--severity", "violation", "--format", "turtle")[1]
    assert len(Graph().parse(data=out, format="turtle")) == 2


def read_two_rows(files, progress) -> Imported:
    progress(1, 1, "rows")
    dataset = Dataset()
    dataset.graph(GRAPH["source/x"]).add((mint("region", "a"), DEF.acronym, DEF.b))
    return Imported(
        dataset,
        [BadRow(files[0].name, "line 3", "code", "GR1", "Greece is EL.")],
        {"review": [{"a": "1", "b": "2"}]},
    )


def test_an_import_writes_good_rows_and_lists_bad_ones(regiolink, tmp_path, monkeypatch):
    monkeypatch.setattr(nuts, "read", read_two_rows)
    source, out = tmp_path / "codes.tsv", tmp_path / "out"
    source.write_text("x")
    code, told, err = regiolink("import", "nuts", str(source), "--out", str(out))
    assert code == 0 and "1 bad rows" in told
    assert "codes.tsv, line 3, column code, 'GR1': Greece is EL." in err
    assert sorted(path.name for path in out.iterdir()) == ["nuts.trig", "review.tsv"]
    assert (out / "review.tsv").read_text() == "a\tb\n1\t2\n"
    first = (out / "nuts.trig").read_bytes()
    regiolink("import", "nuts", str(source), "--out", str(out))
    assert (out / "nuts.trig").read_bytes() == first


def test_a_strict_import_writes_nothing_when_a_row_is_bad(regiolink, tmp_path, monkeypatch):
    monkeypatch.setattr(nuts, "read", read_two_rows)
    source, out = tmp_path / "codes.tsv", tmp_path / "out"
    source.write_text("x")
    code, _, err = regiolink("import", "nuts", str(source), "--out", str(out), "--strict")
    assert code == 2 and "Nothing was written: 1 rows are bad." in err and list(out.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(regiolink, tmp_path, monkeypatch):
    source = tmp_path / "codes.tsv"
    source.write_text("x")
    monkeypatch.setattr(nuts, "read", read_two_rows)
    code, _, err = regiolink("import", "nuts", str(source), "--out", "/proc/regiolink")
    assert code == 2 and err.endswith("The folder /proc/regiolink cannot be written to.\n")
    monkeypatch.setenv("REGIOLINK_DATA_DIR", "/proc/regiolink")
    code, _, err = regiolink("check")
    assert code == 2 and "cannot be written to" in err


def test_every_command_helps_a_newcomer(regiolink):
    out = regiolink("--help")[1]
    assert all(f"  {command} " in out for command in main.commands)
