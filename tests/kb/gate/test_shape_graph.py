"""Tests of kb/gate/shape_graph.py and what it reads with."""

import pytest
from rdflib import SH, Graph, Literal, Namespace

from kb.gate.constraints import (
    AtLeast,
    Closed,
    Conforms,
    InClass,
    OfKind,
    OneOf,
    Pattern,
    Qualified,
    Sparql,
    Targets,
)
from kb.gate.shape_graph import read_shapes
from kb.gate.shape_values import BadShapes

EX = Namespace("https://example.org/")
PREFIXES = """
PREFIX ex: <https://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def graph(turtle: str) -> Graph:
    return Graph().parse(data=PREFIXES + turtle, format="turtle")


def test_a_shape_is_read_whole():
    shapes = read_shapes(
        graph("""
        ex:Project a sh:NodeShape ;
            sh:targetClass ex:Project , ex:Plan ; sh:targetNode "a" ;
            sh:targetSubjectsOf ex:p ; sh:targetObjectsOf ex:q ;
            sh:property ex:Project-lead ; sh:closed true ; sh:ignoredProperties ( ex:note ) .
        ex:Project-lead a sh:PropertyShape ;
            sh:path [ sh:zeroOrMorePath ex:lead ] ;
            sh:class ex:Body , ex:Person ; sh:minCount 1 ; sh:nodeKind sh:IRI ;
            sh:severity sh:Info ; sh:message "A project has a lead."@en , "Un chef."@fr ;
            sh:name "lead"@en ; sh:order 1 ; sh:deactivated false .
        """)
    )
    assert list(shapes) == [EX.Project, EX["Project-lead"]]
    project, lead = shapes.values()
    assert project.targets == Targets((Literal("a"),), (EX.Plan, EX.Project), (EX.p,), (EX.q,))
    assert (project.path, project.severity, project.properties) == (None, "violation", (lead,))
    assert project.constraints == (Closed(component=SH.ClosedConstraintComponent, allowed=(EX.note,)),)
    assert (lead.path, lead.stays) == ("<https://example.org/lead>*", True)
    assert lead.constraints == (
        InClass(component=SH.ClassConstraintComponent, of=EX.Body),
        InClass(component=SH.ClassConstraintComponent, of=EX.Person),
        AtLeast(component=SH.MinCountConstraintComponent, count=1),
        OfKind(component=SH.NodeKindConstraintComponent, kinds=("IRI",)),
    )
    assert (lead.severity, lead.messages) == ("info", {"en": "A project has a lead.", "fr": "Un chef."})
    assert (lead.targets, lead.deactivated) == (Targets(), False)


def test_the_property_shapes_of_a_closed_shape_are_allowed_by_their_property():
    (shape, *_) = read_shapes(
        graph("""
        ex:s a sh:NodeShape ; sh:closed true ;
            sh:property [ sh:path ex:p ] , [ sh:path [ sh:inversePath ex:q ] ] .
        """)
    ).values()
    assert shape.constraints == (Closed(component=SH.ClosedConstraintComponent, allowed=(EX.p,)),)


def test_a_shape_that_is_a_class_has_it_as_its_target():
    shapes = read_shapes(
        graph("""
        ex:A a sh:NodeShape , rdfs:Class . ex:Kind rdfs:subClassOf rdfs:Class .
        ex:B a sh:NodeShape , ex:Kind . ex:C a sh:NodeShape , owl:Class .
        """)
    )
    assert {node: shape.targets.classes for node, shape in shapes.items()} == {
        EX.A: (EX.A,),
        EX.B: (EX.B,),
        EX.C: (),
    }


def test_constraints_hold_the_shapes_that_they_refer_to():
    shapes = read_shapes(
        graph("""
        ex:s a sh:NodeShape ; sh:or ( ex:t [ sh:in ( 1 ex:a ) ] ) ; sh:not ex:t .
        ex:t a sh:NodeShape ; sh:pattern "^a" ; sh:flags "i" .
        """)
    )
    kinds = {each.kind: each.shapes for each in shapes[EX.s].constraints if isinstance(each, Conforms)}
    assert kinds["not"] == (shapes[EX.t],)
    assert kinds["or"][0] is shapes[EX.t]
    assert kinds["or"][1].constraints == (
        OneOf(component=SH.InConstraintComponent, terms=(Literal(1), EX.a)),
    )
    assert shapes[EX.t].constraints == (
        Pattern(component=SH.PatternConstraintComponent, pattern="^a", flags="i"),
    )


def test_a_disjoint_qualified_constraint_knows_its_siblings():
    shapes = read_shapes(
        graph("""
        ex:hand a sh:NodeShape ; sh:property ex:thumb , ex:finger .
        ex:thumb a sh:PropertyShape ; sh:path ex:digit ; sh:qualifiedValueShape ex:Thumb ;
            sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2 .
        ex:finger a sh:PropertyShape ; sh:path ex:digit ;
            sh:qualifiedValueShape ex:Finger ; sh:qualifiedMaxCount 4 .
        ex:Thumb a sh:NodeShape . ex:Finger a sh:NodeShape .
        """)
    )
    thumb, finger = shapes[EX.Thumb], shapes[EX.Finger]
    told = [
        (each.component, each.operator, each.count, each.shape, each.siblings)
        for name in (EX.thumb, EX.finger)
        for each in shapes[name].constraints
        if isinstance(each, Qualified)
    ]
    assert told == [
        (SH.QualifiedMinCountConstraintComponent, ">=", 1, thumb, (finger,)),
        (SH.QualifiedMaxCountConstraintComponent, "<=", 2, thumb, (finger,)),
        (SH.QualifiedMaxCountConstraintComponent, "<=", 4, finger, ()),
    ]


def test_a_sparql_constraint_comes_with_its_prefixes_and_the_path_in_its_place():
    (shape,) = read_shapes(
        graph("""
        ex:all owl:imports ex:more ;
            sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/"^^xsd:anyURI ] .
        ex:more sh:declare [ sh:prefix "" ; sh:namespace "https://example.net/"^^xsd:anyURI ] .
        ex:s a sh:PropertyShape ; sh:path ( ex:p ex:q ) ; sh:sparql ex:rule , [ sh:deactivated true ] .
        ex:rule sh:prefixes ex:all ; sh:message "No {?value}."@en ;
            sh:select 'SELECT $this ?value { $this $PATH ?value FILTER(?value != "$PATH" && ?value != :x) }' .
        """)
    ).values()
    assert shape.constraints == (
        Sparql(
            component=SH.SPARQLConstraintComponent,
            node=EX.rule,
            query="PREFIX ex: <https://example.org/>\nPREFIX : <https://example.net/>\n"
            "SELECT $this ?value { $this (<https://example.org/p>/<https://example.org/q>) ?value "
            'FILTER(?value != "$PATH" && ?value != :x) }',
            messages={"en": "No {?value}."},
        ),
    )


def test_a_component_of_ones_own_binds_its_parameters():
    shapes = read_shapes(
        graph("""
        ex:Longest a sh:ConstraintComponent ; sh:parameter [ sh:path ex:longest ] ,
            [ sh:path ex:unit ; sh:optional true ] ;
            sh:validator [ sh:ask "ASK { FILTER(STRLEN(STR($value)) <= $longest) }" ] .
        ex:s a sh:NodeShape ; ex:longest 3 . ex:t a sh:NodeShape ; ex:unit "m" .
        """)
    )
    (constraint,) = shapes[EX.s].constraints
    assert isinstance(constraint, Sparql)
    assert (constraint.component, constraint.asks, constraint.bound) == (
        EX.Longest,
        True,
        {"longest": Literal(3)},
    )
    assert shapes[EX.t].constraints == ()


REFUSED = {
    "ex:s a sh:NodeShape ; sh:maxcount 1 .": "sh:maxcount, used by https://example.org/s, is not checked",
    "ex:s a sh:Nodeshape .": "sh:Nodeshape",
    "ex:s a sh:NodeShape ; sh:rule [] .": "sh:rule",
    "ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:node ex:s .": "refers to itself",
    "ex:s a sh:NodeShape ; sh:not [ sh:and ( ex:s ) ] .": "refers to itself",
    "ex:s a sh:NodeShape ; sh:node ex:nowhere .": "There is no shape <https://example.org/nowhere>",
    'ex:s a sh:NodeShape ; sh:node "a" .': "There is no shape",
    "ex:s a sh:NodeShape ; sh:node [ sh:path ex:p ] .": "sh:node takes a node shape",
    "ex:s a sh:NodeShape ; sh:property [ sh:minCount 1 ] .": "has no sh:path",
    "ex:s a sh:PropertyShape ; sh:minCount 1 .": "has no sh:path",
    "ex:s a sh:NodeShape ; sh:path ex:p .": "is no sh:NodeShape",
    "ex:s a sh:PropertyShape ; sh:path ( ex:p ) .": "at least two members",
    "ex:s a sh:PropertyShape ; sh:path ex:p , ex:q .": "2 values for sh:path",
    "ex:s a sh:NodeShape ; sh:minCount 1 .": "sh:minCount needs a path",
    "ex:s a sh:NodeShape ; sh:in ex:a .": "A list is not well formed",
    "ex:s a sh:NodeShape ; sh:or ex:a .": "A list is not well formed",
    "ex:s a sh:NodeShape ; sh:in ( 1 ) , ( 2 ) .": "2 values for sh:in",
    'ex:s a sh:PropertyShape ; sh:path ex:p ; sh:minCount "one" .': "has to be an integer from 0",
    "ex:s a sh:PropertyShape ; sh:path ex:p ; sh:minCount -1 .": "has to be an integer from 0",
    "ex:s a sh:PropertyShape ; sh:path ex:p ; sh:minCount true .": "has to be an integer from 0",
    "ex:s a sh:PropertyShape ; sh:path ex:p ; sh:uniqueLang 1 .": "has to be true or false",
    "ex:s a sh:NodeShape ; sh:class 'a' .": "has to be an IRI",
    "ex:s a sh:NodeShape ; sh:nodeKind sh:Iri .": "cannot be",
    "ex:s a sh:NodeShape ; sh:minInclusive ex:a .": "has to be a literal",
    "ex:s a sh:NodeShape ; sh:pattern 1 .": "has to be a string",
    'ex:s a sh:NodeShape ; sh:flags "i" .': "sh:flags without sh:pattern",
    "ex:s a sh:NodeShape ; sh:severity sh:Wrong .": "sh:Wrong, which does not exist",
    'ex:s a sh:NodeShape ; sh:severity "" .': "has to be an IRI",
    'ex:s a sh:NodeShape ; sh:deactivated "" .': "has to be true or false",
    "ex:s a sh:NodeShape ; sh:targetClass 'a' .": "has to be an IRI",
    "ex:s a sh:NodeShape ; sh:targetNode [] .": "a blank node, which names nothing",
    "ex:s a sh:NodeShape ; sh:ignoredProperties ( 'a' ) .": "has to be an IRI",
    "ex:s a sh:PropertyShape ; sh:path ex:p ; sh:qualifiedMinCount 1 .": "without a sh:qualifiedValueShape",
    "ex:s a sh:PropertyShape ; sh:path ex:p ; sh:qualifiedValueShape [] .": "counts nothing",
    "ex:s a sh:NodeShape ; sh:sparql [ sh:ask 'ASK { $this ?p 1 }' ] .": "has no sh:select",
    "ex:s a sh:NodeShape ; sh:sparql [ sh:select 'SELECT $this { $this $PATH 1 }' ] .": "has no path",
    "ex:s a sh:NodeShape ; sh:sparql [ sh:select 'SELECT $this { $this ?p $shapesGraph }' ] .": "shapesGraph",
    "ex:s a sh:NodeShape ; sh:sparql [ sh:select 'SELECT $this { MINUS { } }' ] .": "MINUS cannot stand",
    "ex:s a sh:NodeShape ; sh:sparql [ sh:select 'SELECT $this { $this ex:p 1 }' ] .": "ex: is not declared",
    "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:value ] .": "cannot be used as a variable",
    "ex:C a sh:ConstraintComponent .": "a parameter that is not optional",
    "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:p ] . ex:s a sh:NodeShape; ex:p 1 .": "no val",
    "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:p ] ; sh:validator [ sh:ask 'ASK { }' ; "
    "sh:select 'SELECT $this { $this ?p 1 }' ] . ex:s a sh:NodeShape ; ex:p 1 .": "sh:ask or sh:select",
}


@pytest.mark.parametrize(("turtle", "told"), REFUSED.items())
def test_what_cannot_be_checked_with_certainty_is_refused(turtle, told):
    with pytest.raises(BadShapes) as refused:
        read_shapes(graph(turtle))
    assert told in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_chain_of_shapes_that_is_too_deep_is_refused_wherever_reading_begins():
    chain = [f"ex:s{n:02} a sh:NodeShape ; sh:node ex:s{n + 1:02} ." for n in range(40)]
    backwards = [f"ex:s{n:02} a sh:NodeShape ; sh:node ex:s{n - 1:02} ." for n in range(1, 40)]
    for turtle in ([*chain, "ex:s40 a sh:NodeShape ."], [*backwards, "ex:s00 a sh:NodeShape ."]):
        with pytest.raises(BadShapes, match="more than 30 deep"):
            read_shapes(graph(" ".join(turtle)))
