"""`regiolink load`, `update` and `undo`: in this process, and beside the running service."""

import shutil
from contextlib import closing

import pytest
from click.testing import CliRunner

from bench.served import EX, PLACES, Served, adding, region, served
from kb.engine.contract import RESERVED
from kb.knowledge_base import KnowledgeBase
from kb.terms import GRAPH
from server.cli import main

NAMED = "".join(f"{region(name)} .\n" for name in ("x", "y"))
NAMELESS = f"<{EX}nameless> a <{EX}Region> .\n"


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    return Served(tmp_path_factory.mktemp("begun")).kb


@pytest.fixture
def kb(begun, tmp_path):
    return KnowledgeBase(shutil.copytree(begun.folder.path, tmp_path / "data"))


@pytest.fixture
def regiolink(kb):
    """Runs the command; gives exit code, output and errors."""
    runner = CliRunner(env={"REGIOLINK_DATA_DIR": str(kb.folder.path)})

    def run(*words, stdin=None):
        done = runner.invoke(main, list(map(str, words)), input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def file(tmp_path):
    """Writes a file to load."""

    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def names(kb):
    with closing(kb.public()) as engine:
        return {
            (str(name).removeprefix(EX), str(graph).removeprefix(GRAPH))
            for name, graph in engine.select(f"SELECT ?x ?g {{ GRAPH ?g {{ ?x a <{EX}Region> }} }}")
        }


def newest(kb):
    with closing(kb.ledger()) as ledger:
        return ledger.commit(ledger.head().revision)


def test_a_loaded_file_is_a_commit_that_says_what_was_loaded(kb, regiolink, file):
    assert regiolink("load", file("My Places.ttl", NAMED))[:2] == (
        0,
        "Read 4 statements; revision 2: 4 statements added, 0 removed; 0 warnings, 0 hints.\n",
    )
    assert names(kb) == {("x", "my-places"), ("y", "my-places")}
    commit = newest(kb)
    assert (commit.author, commit.role, commit.door.value, commit.message) == (
        "operator",
        "admin",
        "load",
        "Loaded My Places.ttl",
    )
    assert regiolink("load", file("My Places.ttl", NAMED))[1] == (
        "Read 4 statements; nothing had to be changed; revision 2 stays the newest.\n"
    )


def test_several_files_are_loaded_into_a_graph_as_one_commit(kb, regiolink, file):
    first, second = file("a.ttl", NAMED), file("b.nt", f'<{EX}x> <{EX}note> "too" .')
    code, out, _ = regiolink("load", first, second, "--graph", "here", "--author", "cleo", "-m", "because")
    commit = newest(kb)
    assert (code, "5 statements added" in out, commit.author, commit.message, names(kb)) == (
        0,
        True,
        "cleo",
        "because",
        {("x", "here"), ("y", "here")},
    )


def test_data_that_breaks_the_rules_is_shown_and_leaves_no_trace(kb, regiolink, file):
    code, out, err = regiolink("load", file("good.ttl", NAMED), file("bad.ttl", NAMELESS))
    assert (code, out, names(kb), newest(kb).revision) == (2, "", set(), 1)
    assert "Give it a name." in err and f"{EX}nameless" in err
    assert err.endswith("the data would break the rules in 1 place.\n")


@pytest.mark.parametrize(
    ("name", "text", "graph", "sentence"),
    [
        ("broken.ttl", "<a:b> <a:c> .", None, "broken.ttl"),
        ("empty.ttl", "", None, "empty.ttl is empty."),
        ("nothing.ttl", "# a remark", None, "There is not a single triple in what was given."),
        ("data.doc", "x", None, "the ending .doc is not one of"),
        ("bytes.ttl", b"<a:b> <a:c> '\xff' .", None, "Invalid UTF-8"),
        ("entity.rdf", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", None, "remove the DOCTYPE"),
        ("inferred.ttl", NAMED, "inferred", "is not for loading into"),
        ("history.ttl", NAMED, "history", "is not for loading into"),
        ("shapes.ttl", NAMED, "shapes", "is not for loading into"),
        ("forged.nq", f"<a:b> <a:c> <a:d> <{RESERVED}x> .", None, "is not for loading into"),
        ("onto.nq", f"<a:b> <a:c> <a:d> <{GRAPH['ontology']}> .", None, "is not for loading into"),
        ("blank.nq", "<a:b> <a:c> <a:d> _:graph .", None, "has a blank node as its name"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_in_a_sentence(
    kb, regiolink, file, name, text, graph, sentence
):
    words = ["load", file(name, text), *(["--graph", graph] if graph else [])]
    code, out, err = regiolink(*words)
    assert (code, out, sentence in err, newest(kb).revision) == (2, "", True, 1), err
    assert not list(kb.folder.path.glob("handed-over-*"))


def test_an_update_from_a_file_or_from_standard_input(kb, regiolink, file):
    assert regiolink("update", file("update.ru", adding("one")))[:2] == (
        0,
        "revision 2: 2 statements added, 0 removed; 0 warnings, 0 hints.\n",
    )
    assert regiolink("update", "-", "--author", "cleo", stdin=adding("two"))[0] == 0
    assert (newest(kb).author, names(kb)) == ("cleo", {("one", "places"), ("two", "places")})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"INSERT DATA { <urn:a> <urn:b> }", "line 1, column"),
        (b"\xff", "The update is not UTF-8 text."),
        (b"DROP GRAPH <urn:nothing>", "there is no graph urn:nothing."),
        (b"INSERT DATA { GRAPH <https://w3id.org/regiolink/graph/history> { <a:b> <a:c> 1 } }", "is kept by"),
        (f"INSERT DATA {{ GRAPH <{PLACES}> {{ {NAMELESS} }} }}".encode(), "would break the rules in 1 place"),
    ],
)
def test_an_update_that_cannot_be_made_is_refused_in_a_sentence(kb, regiolink, file, text, sentence):
    code, out, err = regiolink("update", file("update.ru", text))
    assert (code, out, sentence.lower() in err.lower(), newest(kb).revision) == (2, "", True, 1), err


def test_commits_are_taken_back_as_a_new_one(kb, regiolink):
    for name in ("one", "two", "three"):
        regiolink("update", "-", stdin=adding(name))
    assert regiolink("undo", "3")[:2] == (
        0,
        "revision 5: 0 statements added, 2 removed; 0 warnings, 0 hints.\n",
    )
    assert (newest(kb).message, names(kb)) == (
        "Took back revision 3",
        {("one", "places"), ("three", "places")},
    )
    assert regiolink("undo", "2", "5")[0] == 0
    assert (newest(kb).message, names(kb)) == ("Took back revisions 2 to 5", set())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("9",), "There is no revision 9 yet; the newest is 2."),
        (("2", "1"), "The revision 1 comes before 2; name the earlier one first."),
        (("0",), "0 is not in the range x>=1."),
    ],
)
def test_an_undo_of_what_is_not_there_is_refused_in_a_sentence(kb, regiolink, words, sentence):
    regiolink("update", "-", stdin=adding("one"))
    code, out, err = regiolink("undo", *words)
    assert (code, out, sentence in err, newest(kb).revision) == (2, "", True, 2), err


def test_what_later_commits_depend_on_is_not_taken_back(kb, regiolink):
    regiolink("update", "-", stdin=adding("one"))
    regiolink("update", "-", stdin=f"DELETE WHERE {{ GRAPH <{PLACES}> {{ <{EX}one> ?p ?o }} }}")
    code, _, err = regiolink("undo", "2")
    assert (code, "3" in err, newest(kb).revision) == (2, True, 3), err


def test_beside_a_running_service_the_same_and_seen_there(tmp_path, file):
    with served(tmp_path / "service") as service:
        runner = CliRunner(env={"REGIOLINK_DATA_DIR": str(service.kb.folder.path)})
        assert service.update(adding("by-http")).status == 204
        for words in (
            ["load", str(file("places.ttl", NAMED)), "--graph", PLACES],
            ["update", str(file("update.ru", adding("by-update")))],
            ["undo", "2"],
        ):
            done = runner.invoke(main, words)
            assert done.exit_code == 0, done.output
        refused = runner.invoke(main, ["load", str(file("bad.ttl", NAMELESS))])
        assert (refused.exit_code, "Give it a name." in refused.stderr) == (2, True)
        assert service.names("Region") == {"x", "y", "by-update"}
        assert service.command("verify").returncode == 0
