"""/ and /queries over the shipped knowledge base."""

import html
import json
import re

import pytest

from kb.saved_query import load_all
from kb.terms import DEF
from server.pages import FIRST_QUERY


def text_of(page: bytes) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode())))


@pytest.mark.parametrize(
    "name", ["Country", "Region", "RegionVersion", "RegionalAuthorityPartnership", "Organisation"]
)
def test_the_counts_of_the_home_page_are_those_of_the_data(client, name):
    query = f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ ?x a <{DEF[name]}> }}"
    rows = json.loads(client.get("/sparql", query_string={"query": query}).data)["results"]["bindings"]
    assert int(rows[0]["n"]["value"]) > 0
    assert f"{int(rows[0]['n']['value']):,} " in text_of(client.get("/").data)


def test_the_query_of_the_home_page_has_an_answer(client):
    rows = json.loads(client.get("/sparql", query_string={"query": FIRST_QUERY}).data)["results"]["bindings"]
    assert [row["launched"]["value"] for row in rows] == ["2015", "2016", "2016"]


def test_every_saved_query_has_a_page_with_its_question_and_an_answer(client):
    listing = text_of(client.get("/queries").data)
    for name, query in load_all().items():
        assert query.summary in listing
        page = client.get(f"/queries/{name}")
        assert page.status_code == 200 and query.summary in text_of(page.data), name


def test_the_rows_of_a_question_come_as_csv_and_json(client):
    csv = client.get("/queries/platforms-and-launch-years.csv")
    assert csv.mimetype == "text/csv" and len(csv.data.decode().strip().split("\r\n")) == 4
    rows = client.get("/queries/platforms-and-launch-years.json")
    assert len(json.loads(rows.data)["results"]["bindings"]) == 3


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/queries/no-such-question", 404),
        ("/queries/platforms-and-launch-years.docx", 404),
        ("/queries/platforms-and-launch-years?planet=mars", 400),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_said_so(client, address, status):
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_no_page_runs_script_or_asks_another_host(client):
    for address in ("/", "/queries", "/queries/partnership-regions-today", "/sparql?query=x"):
        answer = client.get(address, headers={"Accept": "text/html"})
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert b"<script" not in answer.data and b"style=" not in answer.data
        assert re.findall(rb'(?:src|<link[^>]* href)="(https?:|//)', answer.data) == []
