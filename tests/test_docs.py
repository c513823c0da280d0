"""The docs name every command, setting, address and dependency."""

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.importers.registry import IMPORTERS
from kb.saved_query import load_all
from server.cli import main
from server.cross_origin import EXPOSED
from server.problems import STATUS
from server.settings import CONFIG, SETTINGS

ROOT = Path(__file__).resolve().parent.parent
DOCS = "\n".join(
    path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_docs_and_explains_itself(command):
    assert f"regiolink {command}" in DOCS
    shown = CliRunner().invoke(main, [command, "--help"])
    assert shown.exit_code == 0 and len(shown.output.split("\n")) > 5


@pytest.mark.parametrize("setting", [*SETTINGS, CONFIG], ids=lambda setting: setting.name)
def test_every_setting_is_in_the_docs(setting):
    assert setting.variable in DOCS and setting.help.endswith(".")


@pytest.mark.parametrize("name", sorted(IMPORTERS))
def test_every_importer_is_in_the_docs(name):
    assert f"regiolink import {name} " in DOCS


@pytest.mark.parametrize("name", sorted(load_all()))
def test_every_saved_query_is_in_the_docs(name):
    assert f"`{name}`" in DOCS


def test_every_address_is_in_the_docs(client):
    addresses = {rule.rule for rule in client.application.url_map.iter_rules() if rule.endpoint != "static"}
    assert {address for address in addresses if f"`{address}`" not in DOCS} == set()


def test_every_direct_dependency_has_its_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    lines = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    missing = [
        name
        for name in (re.split(r"[<>=!~ \[]", whole)[0] for whole in names)
        if not re.search(rf"\b{name}\b", lines)
    ]
    assert missing == []


def test_every_link_inside_the_docs_leads_somewhere():
    broken = []
    for path in [
        ROOT / "README.md",
        ROOT / "LICENSE-data.md",
        ROOT / "THIRD-PARTY.md",
        *(ROOT / "docs").glob("*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_the_answers_in_the_readme_are_those_of_the_data(client, knowledge_base, monkeypatch):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"--data-urlencode 'query=(.*?)'\n```", readme, re.DOTALL)
    answer = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
    assert f"```\n{answer.text.replace(chr(13), '')}```" in readme
    (words,) = re.findall(r"\.venv/bin/regiolink (ask .*)\n", readme)
    monkeypatch.setenv("REGIOLINK_DATA_DIR", str(knowledge_base.folder.path))
    shown = CliRunner().invoke(main, words.split()).stdout
    told = [" ".join(line.split()) for line in shown.split("\n") if "│" in line]
    assert told and all(line in " ".join(readme.split()) for line in told)


HTTP = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")


def test_every_status_of_an_error_is_in_the_reference():
    told = {
        int(status)
        for row in re.findall(r"^\| ([0-9, ]+) \|", HTTP, re.MULTILINE)
        for status in row.split(",")
    }
    assert set(STATUS.values()) - told == set()


def test_every_header_that_pages_may_read_is_in_the_reference():
    missing = [name for name in EXPOSED.split(", ") if f"`{name}`" not in HTTP and f"`{name}:" not in HTTP]
    assert missing == []


def test_every_parameter_is_in_the_reference():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "server").glob("*.py"))
    read = re.findall(
        r"""(?:one|whole_number)\((?:asking\.)?fields, "([a-z_-]+)|fields\.get\("([a-z_-]+)""", code
    )
    dataset = re.findall(r"\"((?:default|named|using|using-named)-graph-uri)\"", code)
    names = {"".join(found) for found in read} | set(dataset) | {"query", "update"}
    assert len(names) > 12 and {name for name in names if f"`{name}" not in DOCS} == set()
