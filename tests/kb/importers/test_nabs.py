"""NABS becomes a concept scheme in three languages."""

from pathlib import Path

import pytest

from kb.errors import NotUnderstood
from kb.importers import nabs
from kb.terms import GRAPH
from kb.turtle import to_turtle

ROOT = Path(__file__).resolve().parents[3]


def table(folder, *rows):
    path = folder / "nabs.csv"
    path.write_text("\n".join(["chapter,topic", *rows]) + "\n", encoding="utf-8")
    return path


def test_a_chapter_becomes_a_concept_in_three_languages(tmp_path, silent, quads):
    path = table(tmp_path, "5.,Energy", "13.1.,Natural Sciences (non-GUF)")
    imported = nabs.read([path], silent)
    note = "The French and the German label are translations by Regiolink, not official ones."
    assert quads(imported.dataset) == quads(f"""
GRAPH <https://w3id.org/regiolink/graph/terms/nabs> {{

<https://w3id.org/regiolink/terms/nabs/13.1>
    a skos:Concept ;
    skos:definition "Research for the general advancement of knowledge, not financed from general university \
funds (GUF), in this field: Natural Sciences."@en ;
    skos:editorialNote "{note}"@en ;
    skos:inScheme terms:nabs ;
    skos:notation "13.1" ;
    skos:prefLabel
        "Naturwissenschaften (nicht aus allgemeinen Hochschulmitteln)"@de ,
        "Natural Sciences (non-GUF)"@en ,
        "Sciences naturelles (hors fonds généraux des universités)"@fr ;
    skos:topConceptOf terms:nabs ;
.

<https://w3id.org/regiolink/terms/nabs/5>
    a skos:Concept ;
    skos:definition "Research and development with this objective: Energy."@en ;
    skos:editorialNote "{note}"@en ;
    skos:inScheme terms:nabs ;
    skos:notation "5" ;
    skos:prefLabel
        "Energie"@de ,
        "Energy"@en ,
        "Énergie"@fr ;
    skos:topConceptOf terms:nabs ;
.

terms:nabs
    a skos:ConceptScheme ;
    dct:description "What publicly funded research and development aims at, as statistics in the EU classify \
it."@en ;
    dct:license <https://creativecommons.org/licenses/by/4.0/> ;
    dct:source "Eurostat, NABS 2007"@en ;
    skos:hasTopConcept
        <https://w3id.org/regiolink/terms/nabs/13.1> ,
        <https://w3id.org/regiolink/terms/nabs/5> ;
    skos:prefLabel
        "Ziele von Forschung und Entwicklung (NABS 2007)"@de ,
        "Objectives of research and development (NABS 2007)"@en ,
        "Objectifs de recherche et de développement (NABS 2007)"@fr ;
.

}}
""")
    assert imported.bad_rows == []


def test_bad_rows_are_told_and_left_out(tmp_path, silent):
    path = table(tmp_path, "five,Energy", "5.,", "5.,Energy", "5.,Energy", "99.,Play")
    imported = nabs.read([path], silent)
    assert [str(row) for row in imported.bad_rows] == [
        "nabs.csv, line 2, column chapter, 'five': A chapter is a number, or two with a dot between them.",
        "nabs.csv, line 3, column topic, '': The title is missing.",
        "nabs.csv, line 5, column chapter, '5.': The chapter stands on an earlier line already.",
        "nabs.csv, line 6, column chapter, '99.': There are no French and German titles for this chapter.",
    ]


def test_two_files_are_refused(tmp_path, silent):
    with pytest.raises(NotUnderstood, match=r"^NABS is read from one file\.$"):
        nabs.read([table(tmp_path, "5.,Energy")] * 2, silent)


def test_the_shipped_scheme_is_what_the_importer_makes(silent, reference):
    imported = nabs.read(reference("vocabularies/NABS_2007.csv"), silent)
    assert imported.bad_rows == []
    shipped = (ROOT / "ontology" / "terms" / "nabs.ttl").read_text(encoding="utf-8")
    assert to_turtle(imported.dataset.graph(GRAPH["terms/nabs"])) == shipped
    assert shipped.count("a skos:Concept ;") == 24
