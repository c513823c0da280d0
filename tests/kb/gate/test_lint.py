"""Each fault of a shapes graph is told in a sentence; a shape without faults is passed over in silence."""

import pytest
from rdflib import Graph

from kb.gate.lint import TERMS, lint, repeats_a_repetition

HEAD = """
PREFIX dash: <http://datashapes.org/dash#>
PREFIX def: <https://w3id.org/regiolink/def/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX shape: <https://w3id.org/regiolink/shape/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
BRAND = "shape:Brand a sh:NodeShape ; sh:targetClass def:Brand ; sh:property shape:Brand-name ."
WORDS = """
  sh:name "n"@en, "n"@fr, "n"@de ; sh:description "D."@en, "D."@fr, "D."@de"""
MESSAGE = 'sh:message "A brand has a name."@en, "Nom."@fr, "Name."@de'


def faults(turtle: str) -> list[str]:
    return lint(Graph().parse(data=HEAD + turtle, format="turtle"))


def brand(constraints: str, message: str = MESSAGE) -> str:
    """A property shape without faults but for what is given."""
    return f"{BRAND} shape:Brand-name a sh:PropertyShape ; {WORDS} ; {message} ; {constraints} ."


def says(rule: str) -> str:
    return f'sh:message "{rule}"@en, "Nom."@fr, "Name."@de'


def sparql(select: str, more: str = "", message: str = "It is wrong.") -> str:
    """A SPARQL constraint without faults but for what is given."""
    return f"""
    shape:Brand a sh:NodeShape ; sh:targetClass def:Brand ; sh:sparql shape:Brand-rule .
    shape:Brand-rule a sh:SPARQLConstraint ; sh:prefixes shape:header ; sh:message "{message}"@en ;
      rdfs:label "Faux."@fr, "Falsch."@de ; sh:select '''{select}''' {more} .
    shape:header sh:declare shape:prefix-def .
    shape:prefix-def sh:prefix "def" ; sh:namespace "https://w3id.org/regiolink/def/"^^xsd:anyURI .
    """


NAME = "sh:path def:name ; sh:minCount 1"
GOOD_SELECT = "SELECT $this WHERE { $this def:name ?name }"
NODE = "shape:Brand a sh:NodeShape ; sh:targetClass def:Brand ;"
NODE_MESSAGE = 'sh:message "It is wrong."@en, "Faux."@fr, "Falsch."@de'

CASES = {
    "a good property shape": (brand(NAME), []),
    "a good SPARQL constraint": (sparql(GOOD_SELECT), []),
    "a misspelt term": (
        brand(NAME + " ; sh:maxcount 1"),
        ["shape:Brand-name: sh:maxcount is not a term of SHACL. Did you mean sh:maxCount?"],
    ),
    "a misspelt class": (
        brand(NAME) + " shape:Brand a sh:Nodeshape .",
        ["shape:Brand: sh:Nodeshape is not a term of SHACL. Did you mean sh:NodeShape?"],
    ),
    "a term of SHACL rules": (
        brand(NAME) + " shape:Brand sh:rule shape:Brand-name .",
        ["shape:Brand: sh:rule is not a term of SHACL."],
    ),
    "a property shape without an IRI": (
        f"{NODE} sh:property [ a sh:PropertyShape ; {WORDS} ; {MESSAGE} ; {NAME} ] .",
        ["shape:Brand: a sh:PropertyShape there has no IRI."],
    ),
    "a condition without an IRI": (
        brand(NAME + " ; sh:node [ sh:nodeKind sh:Literal ]"),
        ["shape:Brand-name: a shape there has no IRI."],
    ),
    "a SPARQL constraint without an IRI": (
        f"""{NODE} sh:sparql [ sh:message "It is wrong."@en ; rdfs:label "Faux."@fr, "Falsch."@de ;
            sh:select "SELECT $this WHERE {{ $this ?p ?o }}" ] .""",
        ["shape:Brand: a SPARQL constraint there has no IRI."],
    ),
    "a property shape that is not there": (
        f"{BRAND} {NODE} sh:closed true ; {NODE_MESSAGE} .",
        ["shape:Brand: it names shape:Brand-name, which is not described."],
    ),
    "a group that is not there": (
        brand(NAME + " ; sh:group shape:names-group"),
        ["shape:Brand-name: it names shape:names-group, which is not described."],
    ),
    "a shape that nobody uses": (
        brand(NAME) + " shape:Idle a sh:NodeShape ; sh:nodeKind sh:IRI .",
        ["shape:Idle: it has no target, and no shape asks for it."],
    ),
    "a SPARQL constraint that nobody uses": (
        brand(NAME) + ' shape:Idle a sh:SPARQLConstraint ; sh:select "SELECT $this {}" .',
        ["shape:Idle: no shape uses this constraint."],
    ),
    "a shape that checks nothing": (
        brand("sh:path def:name"),
        ["shape:Brand-name: it checks nothing."],
    ),
    "a shape that asks for itself through another": (
        brand(NAME + " ; sh:node shape:Other") + " shape:Other a sh:NodeShape ; sh:not shape:Brand .",
        [
            "shape:Brand-name: it asks for itself, directly or through other shapes.",
            "shape:Brand: it asks for itself, directly or through other shapes.",
            "shape:Other: it asks for itself, directly or through other shapes.",
        ],
    ),
    "a shape that asks for itself in a list": (
        f"{NODE} sh:or ( shape:Brand shape:Else ) ; {NODE_MESSAGE} . shape:Else sh:nodeKind sh:IRI .",
        ["shape:Brand: it asks for itself, directly or through other shapes."],
    ),
    "a list that is not closed": (
        brand(NAME + " ; sh:in shape:list") + " shape:list rdfs:label 'list' .",
        ["shape:Brand-name: the list of sh:in is not well formed."],
    ),
    "no path": (brand("sh:minCount 1"), ["shape:Brand-name: a property shape has one path, this has 0."]),
    "two paths": (
        brand(NAME + " ; sh:path def:title"),
        ["shape:Brand-name: a property shape has one path, this has 2."],
    ),
    "a path of one member": (
        brand("sh:path ( def:name ) ; sh:minCount 1"),
        ["shape:Brand-name: A sequence or alternative path needs at least two members."],
    ),
    "a path that repeats a repetition": (
        brand("sh:path [ sh:zeroOrMorePath [ sh:oneOrMorePath def:name ] ] ; sh:minCount 1"),
        ["shape:Brand-name: its path repeats a repetition, which can take for ever."],
    ),
    "a shape that is switched off": (
        brand(NAME) + " shape:Brand sh:deactivated true .",
        ["shape:Brand: it is switched off by sh:deactivated; delete it if it is not wanted."],
    ),
    "a constraint of DASH": (
        brand(NAME + " ; dash:singleLine true ; dash:editor dash:TextFieldEditor"),
        ["shape:Brand-name: dash:singleLine checks nothing here; only terms for forms are used."],
    ),
    "a severity on a SPARQL constraint": (
        sparql(GOOD_SELECT, "; sh:severity sh:Warning"),
        ["shape:Brand-rule: a severity counts on the shape only, not on its SPARQL constraint."],
    ),
    "a severity of one's own": (
        brand(NAME + " ; sh:severity def:Grave"),
        ["shape:Brand-name: def:Grave is none of the three severities."],
    ),
    "a pattern that looks ahead": (
        brand(NAME + ' ; sh:pattern "^(?!GR)"'),
        ["shape:Brand-name: its pattern has a (?…) group, which XPath's patterns do not have."],
    ),
    "a pattern with a word boundary": (
        brand(NAME + r' ; sh:pattern "\\bname"'),
        ["shape:Brand-name: its pattern has an escape that not every engine knows."],
    ),
    "a pattern that is none": (
        brand(NAME + ' ; sh:pattern "(a"'),
        ["shape:Brand-name: its pattern is not a pattern: missing ), unterminated subpattern at position 0."],
    ),
    "a pattern that repeats a repetition": (
        brand(NAME + ' ; sh:pattern "^(a+)+$"'),
        ["shape:Brand-name: its pattern repeats a repetition, which can take for ever."],
    ),
    "flags that are none": (
        brand(NAME + ' ; sh:pattern "a" ; sh:flags "g"'),
        ["shape:Brand-name: g are not flags of XPath's patterns."],
    ),
    "no query": (
        sparql(GOOD_SELECT, "; sh:select 'SELECT $this {}'"),
        ["shape:Brand-rule: a SPARQL constraint has one query, this has 2."],
    ),
    "a query that leaves out the focus node": (
        sparql("SELECT ?name WHERE { $this def:name ?name }"),
        ["shape:Brand-rule: its query does not select $this."],
    ),
    "a query of another form": (
        sparql("ASK { $this def:name ?name }"),
        ["shape:Brand-rule: its query is not a SELECT query."],
    ),
    "a prefix that is not declared": (
        sparql("SELECT $this WHERE { $this dct:title ?name }"),
        ["shape:Brand-rule: its query cannot be read. The prefix dct: is not declared; add PREFIX dct: <…>."],
    ),
    "a SPARQL message in three languages": (
        sparql(GOOD_SELECT, '; sh:message "Faux."@fr'),
        ["shape:Brand-rule: a SPARQL constraint has one message, in English; labels translate it."],
    ),
    "a SPARQL message without translations": (
        sparql(GOOD_SELECT).replace('"Faux."@fr, ', ""),
        ["shape:Brand-rule: it needs one label in fr, which translates its message."],
    ),
    "a placeholder that the query does not fill": (
        sparql(GOOD_SELECT, message="{?code} is wrong."),
        ["shape:Brand-rule: its message names ?code, which its query does not hold."],
    ),
    "a number that the query does not hold": (
        sparql(GOOD_SELECT, message="It has fewer than three names."),
        ["shape:Brand-rule: its message names three, which its query does not hold."],
    ),
    "no message": (
        brand(NAME, "sh:order 1"),
        [f"shape:Brand-name: it has no sh:message in {language}." for language in ("de", "en", "fr")],
    ),
    "a message in English only": (
        brand(NAME, 'sh:message "A brand has a name."@en'),
        [f"shape:Brand-name: it has no sh:message in {language}." for language in ("de", "fr")],
    ),
    "a message in a language that is not kept": (
        brand(NAME, MESSAGE + ', "Nombre."@es'),
        ["shape:Brand-name: it has sh:message in a language other than en, fr, de."],
    ),
    "two descriptions in one language": (
        brand(NAME + ' ; sh:description "More."@en'),
        ["shape:Brand-name: it has more than one sh:description in en."],
    ),
    "a node shape that reports and says nothing": (
        f"{NODE} sh:nodeKind sh:IRI .",
        [f"shape:Brand: it has no sh:message in {language}." for language in ("de", "en", "fr")],
    ),
    "a message that stops short": (
        brand(NAME, says("A brand has a name")),
        ["shape:Brand-name: its message does not end with a full stop: A brand has a name"],
    ),
    "a message with blanks that do not show": (
        brand(NAME, says("A brand has  a name.")),
        ["shape:Brand-name: its message has line breaks or blanks that do not show: A brand has  a name."],
    ),
    "a placeholder in a message of a property shape": (
        brand(NAME, says("{?value} is no name.")),
        ["shape:Brand-name: its message has a placeholder, which only SPARQL constraints fill."],
    ),
    "exactly one, without the upper bound": (
        brand(NAME, says("A brand has exactly one name.")),
        ["shape:Brand-name: its message says exactly one, which is not checked."],
    ),
    "exactly one, with both bounds": (
        brand(NAME + " ; sh:maxCount 1", says("A brand has exactly one name.")),
        [],
    ),
    "at least three of one": (
        brand(NAME, says("A brand has at least three names.")),
        [
            "shape:Brand-name: its message names three, which stands in none of its constraints.",
            "shape:Brand-name: its message says at least three, which is not checked.",
        ],
    ),
    "at most one, unchecked": (
        brand(NAME, says("A brand has at most one name.")),
        ["shape:Brand-name: its message says at most one, which is not checked."],
    ),
    "a number from a condition": (
        brand("sh:path def:name ; sh:node shape:Long", says("A name has at least five letters."))
        + " shape:Long a sh:NodeShape ; sh:minLength 5 .",
        [],
    ),
    "a number from nowhere": (
        brand(NAME, says("A name has 40 letters.")),
        ["shape:Brand-name: its message names 40, which stands in none of its constraints."],
    ),
    "a number in an example or in the advice": (
        brand(NAME, says("A brand has a name, such as Area 51. Choose one of 12.")),
        [],
    ),
    "unique, unchecked": (
        brand(NAME, says("A name is unique.")),
        ["shape:Brand-name: its message says unique, and sh:uniqueLang is not set."],
    ),
    "an order, unchecked": (
        brand(NAME, says("The start is not after the end.")),
        ["shape:Brand-name: its message speaks of an order that is not checked."],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told(case):
    turtle, sentences = CASES[case]
    assert faults(turtle) == sorted(sentences)


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ("SERVICE", "SERVICE <https://example.org/sparql> { $this def:name ?name }"),
        ("VALUES", "VALUES ?name { 1 } $this def:name ?name"),
        ("MINUS", "$this def:name ?name MINUS { $this def:name 1 }"),
    ],
)
def test_a_query_with_a_word_that_validators_refuse_is_told(word, body):
    assert faults(sparql(f"SELECT $this WHERE {{ {body} }}")) == [
        f"shape:Brand-rule: its query uses {word}, which a constraint must not."
    ]


def test_a_query_that_reads_from_a_graph_of_its_own_is_told():
    assert faults(sparql("SELECT $this FROM <file:///etc/hosts> WHERE { $this def:name ?name }")) == [
        "shape:Brand-rule: its query uses FROM, which a constraint must not."
    ]


def test_a_refused_word_in_a_string_or_comment_is_no_fault():
    assert faults(sparql('SELECT $this WHERE { $this def:name "MINUS" } # VALUES')) == []


@pytest.mark.parametrize(
    ("pattern", "endless"),
    [
        ("(a*)*", True),
        ("((a+)b)+", True),
        ("(a|b+){2,}", True),
        ("(a+){2,3}", False),
        ("[(+)]+", False),
        (r"(\+)+", False),
        ("(ab)+", False),
        ("(a+|b)?", False),
    ],
)
def test_an_endless_repetition_of_an_endless_repetition_is_seen(pattern, endless):
    assert repeats_a_repetition(pattern) is endless


def test_the_terms_are_those_of_shacl_without_its_extensions():
    assert {"maxCount", "SPARQLConstraint", "qualifiedMinCount"} <= TERMS
    assert TERMS.isdisjoint({"rule", "js", "target", "values", "SPARQLFunction"})
