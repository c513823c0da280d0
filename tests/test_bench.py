"""The generator of data for measurements, and what the measurements tell."""

import re
import sqlite3
from contextlib import closing
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner
from rdflib import XSD, Graph

from bench import domain, history, inference, judging, searching
from bench.__main__ import main
from bench.checking import golden_sample
from bench.default_graph import default_graph
from bench.generator.fields import Fields
from bench.generator.plan import Block
from bench.generator.stream import Generator
from bench.generator.values import decimal, maker, text
from bench.generator.world import World
from bench.measuring import Measured, duration, markdown, side_by_side
from kb.engine.oxigraph import OxigraphEngine, read_quads
from kb.engine.word_index import fill
from kb.errors import NotUnderstood
from kb.gate.compiled import validate
from kb.gate.gate import Gate
from kb.schema import load_ontology, load_shapes
from kb.shipped import shipped_graphs
from kb.sparql_text import check
from kb.terms import DEF, GRAPH, PREFIXES

HEAD = "".join(f"PREFIX {prefix}: <{base}>\n" for prefix, base in sorted(PREFIXES.items()))
WORLD = f"""{HEAD}
GRAPH graph:world {{
    country:ESP a def:Country ; rdfs:label "Spain"@en .
    country:ITA a def:Country ; rdfs:label "Italy"@en .
    country:PRT a def:Country ; rdfs:label "Portugal"@en .
    region:bizkaia a def:Region ; rdfs:label "Bizkaia"@eu ; def:inCountry country:ESP .
    region:lazio a def:Region ; rdfs:label "Lazio"@it ; def:inCountry country:ITA .
    region:norte a def:Region ; rdfs:label "Norte"@pt ; def:inCountry country:PRT .
    impact:jobs a def:ExpectedImpact ; rdfs:label "More jobs"@en .
    initiative:network a def:Initiative ; rdfs:label "A network"@en .
    platform:industrial-modernisation a def:ThematicPlatform ; rdfs:label "A platform"@en ;
        def:hasThematicArea <https://w3id.org/regiolink/terms/thematic-area/textiles> .
    nace:13 a skos:Concept .
}}
"""


@pytest.fixture(scope="module")
def engine():
    """The ontology, the code lists and a world of three regions."""
    made = OxigraphEngine.in_memory()
    for name, content, graph in shipped_graphs():
        if name.startswith("ontology/"):
            made.insert(read_quads(content, "ttl", name, graph))
    made.insert(read_quads(WORLD.encode(), "trig", "world.trig"))
    return made


@cache
def schema() -> tuple[Graph, Graph]:
    return load_shapes(), load_ontology()


def generator(world: World, seed: int = 1) -> Generator:
    return Generator(*schema(), world, seed)


@pytest.fixture(scope="module")
def file(engine, tmp_path_factory) -> Path:
    """At least a thousand generated triples."""
    made = tmp_path_factory.mktemp("bench") / "generated.nq"
    generator(World.of(engine)).write(made, 1000, lambda _: None)
    return made


def test_generated_data_breaks_no_shape(engine, file):
    shapes, _ = schema()
    before = validate(engine, shapes)
    engine.insert(read_quads(file, "nq", file.name))
    after = validate(engine, shapes)
    assert [
        found for found in after.findings if found.severity != "info" and found not in before.findings
    ] == []


def test_the_same_seed_gives_the_same_data_and_another_one_other_data(engine):
    world = World.of(engine)
    blocks = [list(islice(generator(world, seed).lines(), 2)) for seed in (1, 1, 2)]
    assert blocks[0] == blocks[1] != blocks[2]


def test_as_much_is_written_as_asked_for_to_the_end_of_a_block(engine, tmp_path):
    world = World.of(engine)
    sizes = [len(block) for block in islice(generator(world).lines(), 2)]
    told: list[int] = []
    made = tmp_path / "generated.nq"
    assert generator(world).write(made, sizes[0] + 1, told.append) == sum(sizes)
    assert told == [sizes[0], sum(sizes)]
    assert len(made.read_text(encoding="utf-8").splitlines()) == sum(sizes)


def test_every_generated_quad_stands_in_a_graph_of_its_module(file):
    names = {line.rsplit(" ", 2)[1] for line in file.read_text(encoding="utf-8").splitlines()}
    modules = ("activities", "actors", "core", "funding", "investments", "other", "partnerships", "s3")
    assert names == {GRAPH[f"bench/{module}"].n3() for module in modules}


def test_a_thing_that_lacks_what_the_shapes_ask_for_is_refused_by_name(engine):
    world = World.of(engine)
    without_industries = World(
        world.regions,
        world.areas,
        tuple(concept for concept in world.concepts if "nace" not in concept),
        world.calls,
        world.shared,
    )
    with pytest.raises(
        NotUnderstood, match=r"gives def:SMEGroup no <.*relatedIndustry>, and the shapes ask for it"
    ):
        next(generator(without_industries).lines())


def test_a_world_without_regions_of_three_countries_is_refused():
    with pytest.raises(NotUnderstood, match="there are regions of 0 countries and 0 platforms"):
        World.of(OxigraphEngine.in_memory())


def test_a_world_offers_the_regions_that_stand_in_every_edition():
    engine = OxigraphEngine.in_memory()
    engine.insert(read_quads(WORLD.encode(), "trig", "world.trig"))
    versions = "".join(
        f"regionversion:{name}-{year} def:versionOf region:{name} ; def:inNutsEdition nutsedition:{year} .\n"
        for name, years in (("bizkaia", (2021, 2024)), ("lazio", (2021, 2024)), ("norte", (2024,)))
        for year in years
    )
    engine.insert(read_quads((HEAD + versions).encode(), "ttl", "versions.ttl", GRAPH["world"]))
    with pytest.raises(NotUnderstood, match="there are regions of 2 countries"):
        World.of(engine)


def test_partners_come_from_different_countries(engine):
    block = Block(4, 1, World.of(engine))
    bodies = {
        thing.iri: thing.facts["def:establishedIn"]
        for thing in block.things()
        if "def:locatedIn" in thing.facts and "def:establishedIn" in thing.facts
    }
    assert len({country for (country,) in list(bodies.values())[:3]}) == 3


SHAPES = f"""{HEAD}
shape:Thing a sh:NodeShape ; sh:targetClass def:Thing ; sh:property
    [ sh:path def:size ; sh:datatype xsd:integer ; sh:minInclusive 5 ; sh:maxInclusive 6 ] ,
    [ sh:path def:size ; sh:minCount 1 ; sh:maxCount 3 ; sh:severity sh:Warning ] ,
    [ sh:path def:since ] , [ sh:path ( def:size def:since ) ; sh:minCount 1 ] .
shape:Leaf a sh:NodeShape ; sh:targetClass def:Leaf ; sh:closed true ; sh:property
    [ sh:path def:size ; sh:maxCount 2 ] .
shape:Dated a sh:NodeShape ; sh:targetSubjectsOf def:since ; sh:property
    [ sh:path def:since ; sh:datatype xsd:date ] .
"""
CLASSES = f"{HEAD} def:Leaf rdfs:subClassOf def:Thing ."


@pytest.fixture
def fields() -> Fields:
    return Fields(Graph().parse(data=SHAPES, format="turtle"), Graph().parse(data=CLASSES, format="turtle"))


def test_fields_put_together_what_all_shapes_say_of_a_property(fields):
    assert [(field.path, field.least, field.most) for field in fields.of(DEF.Thing)] == [
        (DEF.since, 0, None),
        (DEF.size, 1, 3),
    ]
    assert [type(one).__name__ for one in fields.of(DEF.Thing)[0].constraints] == ["OfDatatype"]


def test_fields_of_a_class_hold_those_above_it_but_for_what_a_closed_shape_forbids(fields):
    assert [(field.path, field.least, field.most) for field in fields.of(DEF.Leaf)] == [(DEF.size, 1, 2)]


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        ("sh:datatype xsd:integer ; sh:minInclusive 5 ; sh:maxInclusive 5", f'"5"^^<{XSD.integer}>'),
        ("sh:in ( def:a )", DEF.a.n3()),
        ("sh:class skos:Concept ; sh:pattern '/nace2.1/'", f"<{PREFIXES['nace']}13>"),
        ("sh:class skos:Concept", None),
        ("sh:class def:ExpectedImpact", f"<{PREFIXES['impact']}jobs>"),
        ("sh:class def:Partnership", None),
        ("sh:datatype xsd:string ; sh:pattern '^[0-9]+$'", None),
        ("sh:nodeKind sh:IRI ; sh:pattern '^https://ror'", None),
    ],
)
def test_a_value_keeps_its_constraints_or_is_not_made(engine, constraints, expected):
    shapes = f"{HEAD} shape:A sh:targetClass def:A ; sh:property [ sh:path def:p ; {constraints} ] ."
    (field,) = Fields(Graph().parse(data=shapes, format="turtle"), Graph()).of(DEF.A)
    make = maker(field, World.of(engine))
    assert (make and make(Block(0, 1, World.of(engine)).random)) == expected


def test_literals_are_written_in_canonical_form():
    assert text('the "Silicon" \\ valley', "en") == '"the \\"Silicon\\" \\\\ valley"@en'
    assert [decimal(value, 2) for value in (1250, 1200, 5)] == [
        f'"{number}"^^<{XSD.decimal}>' for number in ("12.5", "12", "0.05")
    ]


def test_acts_are_compared_with_the_first_by_their_medians():
    told: list[str] = []
    rows = side_by_side({"one": lambda: lambda: "3 rows", "other": lambda: lambda: None}, 2, told.append)
    assert [(row.what, row.runs, row.note) for row in rows] == [("one", 2, "3 rows"), ("other", 2, "")]
    assert (rows[0].ratio, rows[1].ratio) == (1, rows[1].seconds / rows[0].seconds)
    assert told == ["one, run 1 of 2", "other, run 1 of 2", "one, run 2 of 2", "other, run 2 of 2"]


def test_a_result_is_a_markdown_table():
    rows = [Measured("ours", 0.0042, 3, 1.0, "7 rows"), Measured("theirs", 4.2, 3, 1000.0)]
    assert markdown("Title", rows) == (
        "### Title\n\n"
        "| measured | median | ratio | runs | result |\n"
        "|----------|--------|-------|------|--------|\n"
        "| ours     | 4.2 ms | 1     | 3    | 7 rows |\n"
        "| theirs   | 4.2 s  | 1,000 | 3    |        |\n"
    )
    assert duration(0.25) == "250 ms"


def test_the_union_made_at_query_time_repeats_what_stands_in_two_graphs(file):
    rows = default_graph(file, 1, lambda _: None)
    bodies = len(re.findall(f"{DEF.establishedIn}>", file.read_text(encoding="utf-8")))
    assert [(row.what, row.note) for row in rows if row.what.startswith("count")] == [
        ("count: union flag", f"{2 * bodies} counted"),
        ("count: list of 40 graphs", f"{2 * bodies} counted"),
        ("count: stored default graph", f"{bodies} counted"),
    ]


def test_the_changes_that_are_judged_break_nothing():
    sample, _ = golden_sample()
    region = judging.hub(sample)
    for change in (judging.new_organisation(0, region), judging.one_more_class(region)):
        judge = judging.judging(Gate(load_shapes()), sample, change)
        assert re.fullmatch("[1-9][0-9]* checked", str(judge()))


def test_each_question_to_the_history_is_asked_in_a_short_ledger_and_in_a_long_one(monkeypatch):
    monkeypatch.setattr(history, "SHORT", 100)
    rows = history.beside_shorter(200, 1, lambda _: None)
    assert [(row.what, row.note) for row in rows] == [
        (f"{what}, {commits} commits", note)
        for what, notes in (
            ("the newest commits", ("20 commits", "20 commits")),
            ("commits by an author", ("10 commits", "20 commits")),
            ("commits in a graph", ("20 commits", "20 commits")),
            ("history of a thing", ("10 commits", "10 commits")),
            ("blame of a thing", ("50 quads", "50 quads")),
            ("is a change stale, 100 commits later", ("10 commits", "5 commits")),
            ("difference of the last 100", ("500 quads", "500 quads")),
            ("undo of the last commit", ("5 quads", "5 quads")),
        )
        for commits, note in zip((100, 200), notes, strict=True)
    ]


NAMED = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX def: <https://w3id.org/regiolink/def/> PREFIX country: <http://publications.europa.eu/resource/authority/country/>
PREFIX code: <http://data.europa.eu/nuts/code/>
<urn:a> rdfs:label "Textile harbour" ; skos:altLabel "Photonics" ; def:locatedIn <urn:r> , country:POL .
<urn:b> rdfs:label "Harbour" ; skos:altLabel "TEXTILE" . <urn:c> rdfs:label "Photonics" .
<urn:v> def:nutsConcept code:PL1 ; def:versionOf <urn:r> . code:PL1 skos:broader code:PL ."""


def test_each_way_to_ask_for_places_and_words_finds_the_same_things():
    made = OxigraphEngine.in_memory()
    made.insert(read_quads(NAMED.encode(), "ttl", "names", GRAPH["names"]))
    fill(made)
    with closing(sqlite3.connect(":memory:")) as index:
        found = [{ask() for ask in ways.values()} for ways in searching.questions(made, index)]
    assert found == [{1}, {2}, {2}, {1}, {2}, {2}]


@pytest.mark.parametrize("query", [*domain.QUESTIONS.values(), *domain.WITH_HELP.values()])
def test_each_question_of_the_domain_is_another_text_in_each_run_and_within_the_limits(query):
    assert domain.text(query, 1) != domain.text(query, 2)
    check(domain.text(query, 1))
    OxigraphEngine.in_memory().query(domain.text(query, 1))


def test_following_edits_is_measured_beside_deriving_all_anew(monkeypatch):
    monkeypatch.setattr(inference, "EDITS", 2)
    rows = inference.of_changes(None, 1, lambda _: None)
    assert [(row.what, row.runs) for row in rows] == [
        ("all anew", 1),
        ("up to ten triples out", 2),
        ("up to ten triples in", 2),
    ]
    assert [row.ratio for row in rows] == [row.seconds / rows[0].seconds for row in rows]


def test_every_command_is_in_the_documentation():
    page = (Path(__file__).resolve().parent.parent / "docs" / "performance.md").read_text(encoding="utf-8")
    assert [name for name in main.commands if f"python -m bench {name}" not in page] == []


def test_help_lists_the_commands():
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert [name for name in main.commands if name not in result.output] == []
