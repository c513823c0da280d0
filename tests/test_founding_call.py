"""The founding call: what it says, in the form in which we write TriG."""

from pathlib import Path

import pytest
from rdflib import RDF, RDFS, Dataset, Graph, Literal
from rdflib.namespace import DCTERMS

from kb.engine.oxigraph import read_quads, to_rdflib
from kb.terms import CORPORATE_BODY, CURRENCY, DEF, EU_PROGRAMME, GRAPH, mint, term
from kb.turtle import to_trig, to_turtle

FILE = Path(__file__).resolve().parent.parent / "kb" / "datasets" / "founding-call" / "founding-call.trig"
CALL = mint("call", "COS-CLUSTPARTNS-2017-3-02")


@pytest.fixture(scope="module")
def dataset():
    """As the engine reads it: rdflib would write times its own way."""
    dataset = Dataset()
    for quad in read_quads(FILE, "trig", FILE.name):
        terms = (quad.subject, quad.predicate, quad.object, quad.graph_name)
        dataset.add(tuple(to_rdflib(found) for found in terms))
    return dataset


@pytest.fixture(scope="module")
def graph(dataset):
    return dataset.graph(GRAPH["founding-call"])


def test_the_file_is_in_the_form_in_which_we_write(dataset):
    assert to_trig(dataset) == FILE.read_text(encoding="utf-8")
    description = FILE.with_name("dataset.ttl").read_text(encoding="utf-8")
    assert to_turtle(Graph().parse(data=description)) == description


def test_the_approach_combines_two_initiatives_that_reinforce_each_other_over_three_fields(graph):
    (approach,) = graph.subjects(RDF.type, DEF.PolicyApproach)
    combined = set(graph.objects(approach, DEF.combinesInitiative))
    assert combined == {mint("initiative", "escp-s3"), mint("initiative", "thematic-s3-platforms")}
    assert {frozenset(pair) for pair in graph.subject_objects(DEF.mutuallyReinforces)} == {
        frozenset(combined)
    }
    fields = ("smart-specialisation", "clusters", "industrial-modernisation")
    assert set(graph.objects(approach, DEF.policyField)) == {term("policy-field", field) for field in fields}


def test_three_platforms_were_set_up_by_the_commission_in_2015_and_2016(graph):
    launched = {
        platform: (str(graph.value(platform, DEF.launched)), graph.value(platform, DEF.setUpBy))
        for platform in graph.subjects(RDF.type, DEF.ThematicPlatform)
    }
    assert launched == {
        mint("platform", "energy"): ("2015", CORPORATE_BODY.COM),
        mint("platform", "industrial-modernisation"): ("2016", CORPORATE_BODY.COM),
        mint("platform", "agri-food"): ("2016", CORPORATE_BODY.COM),
    }


def test_the_programme_of_the_call_is_cosme_and_not_the_portal_that_showed_it(graph):
    assert set(graph.objects(CALL, DEF.ofProgramme)) == {EU_PROGRAMME.COSME}
    (portal,) = graph.objects(CALL, DEF.publishedBySource)
    assert (portal, RDF.type, DEF.ExternalSource) in graph
    assert Literal("Horizon 2020 – The European Commission", lang="en") in set(
        graph.objects(portal, RDFS.label)
    )


def test_the_call_has_its_dates_its_money_and_its_conditions(graph):
    (deadline,) = graph.objects(CALL, DEF.hasDeadline)
    day = graph.value(deadline, DEF.deadlineDate)
    assert (str(graph.value(CALL, DEF.openingDate)), str(day)) == ("2017-12-12", "2018-03-08")
    # 17:00 in Brussels in winter.
    assert str(graph.value(deadline, DEF.deadlineTime)) == "2018-03-08T16:00:00Z"
    money = {
        name: (graph.value(amount, DEF.amountValue).toPython(), graph.value(amount, DEF.currency))
        for name in ("totalBudget", "maxGrant")
        for amount in graph.objects(CALL, DEF[name])
    }
    assert money == {"totalBudget": (2_800_000, CURRENCY.EUR), "maxGrant": (350_000, CURRENCY.EUR)}
    assert str(graph.value(CALL, DEF.maxReimbursementRate)) == "0.75"
    rules = list(graph.objects(CALL, DEF.hasEligibilityRule))
    numbers = [graph.value(rule, DEF[name]) for name in ("minPartners", "minCountries") for rule in rules]
    assert [number.toPython() for number in numbers if number is not None] == [3, 3]
    kinds = {kind for rule in rules for kind in graph.objects(rule, DEF.admitsKind)}
    admitted = ("cluster-organisation", "business-network-organisation", "technology-centre", "science-park")
    assert kinds == {term("actor-kind", kind) for kind in admitted}
    assert graph.value(CALL, DEF.typeOfAction) == term("type-of-action", "COSME-GA")
    assert graph.value(CALL, DEF.deadlineModel) == term("deadline-model", "single-stage")


def test_three_impacts_are_expected_the_third_in_three_parts(graph):
    parts = {
        str(graph.value(impact, DCTERMS.identifier)): graph.value(
            graph.value(impact, DEF.partOfImpact), DCTERMS.identifier
        )
        for impact in graph.objects(CALL, DEF.expectsImpact)
    }
    three = Literal("3")
    assert parts == {"1": None, "2": None, "3": None, "3a": three, "3b": three, "3c": three}


def test_every_label_is_in_english_french_and_german(graph):
    labelled = set(graph.subjects(RDFS.label))
    languages = {
        thing: {str(label.language) for label in graph.objects(thing, RDFS.label)} for thing in labelled
    }
    assert [thing for thing in labelled if languages[thing] != {"en", "fr", "de"}] == []


def test_every_record_has_a_source_and_a_basis(graph):
    # Programmes are described in a dataset of their own.
    without = {DEF.FundingProgramme}
    things = {
        thing
        for thing, kind in graph.subject_objects(RDF.type)
        if str(kind).startswith(str(DEF)) and kind not in without
    }
    assert [
        thing
        for thing in things
        if not (graph.value(thing, DCTERMS.source) and graph.value(thing, DEF.basis))
    ] == []
