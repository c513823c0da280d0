"""Tests of kb/update_text.py: a request cut into operations, and operations into parts."""

import pytest

from kb.errors import NotUnderstood
from kb.update_text import Braces, Change, Clear, Create, Data, Transfer, operations


def texts(request):
    return [
        (operation.number, operation.line, operation.column, operation.text)
        for operation in operations(request)
    ]


def parts(request):
    (operation,) = operations("PREFIX : <urn:x:> " + request)
    return operation.parts()


def braces(text, *variables, labels=()):
    return Braces(text, tuple(variables), frozenset(labels))


def test_a_request_is_cut_at_the_semicolons_between_operations():
    request = """INSERT DATA { <urn:a> <urn:b> ';' ; <urn:c> <urn:d;> } # ; no cut
  ; DELETE WHERE { ?s ?p ?o ; ?q ?r } ;
"""
    assert texts(request) == [
        (1, 1, 1, "INSERT DATA { <urn:a> <urn:b> ';' ; <urn:c> <urn:d;> }"),
        (2, 2, 5, "DELETE WHERE { ?s ?p ?o ; ?q ?r }"),
    ]


def test_an_operation_has_the_declarations_before_it_each_once():
    request = """BASE <urn:x:/> PREFIX a: <urn:a:>
        DROP ALL ; BASE <urn:x:/> PREFIX a: <urn:a:> prefix b:
        <urn:b:> DROP ALL ; PREFIX a: <urn:c:> DROP ALL"""
    first, second, third = operations(request)
    assert first.prologue == "BASE <urn:x:/>\nPREFIX a: <urn:a:>\n"
    assert second.prologue == first.prologue + "prefix b: <urn:b:>\n"
    assert third.prologue == second.prologue + "PREFIX a: <urn:c:>\n"
    assert third.prologue_places == ((1, 1), (1, 16), (2, 54), (3, 29))


def test_a_prefix_under_another_base_is_declared_again():
    request = "BASE <urn:x:/> PREFIX a: <a> DROP ALL ; BASE <urn:y:/> PREFIX a: <a> DROP ALL"
    assert operations(request)[1].prologue == "BASE <urn:x:/>\nPREFIX a: <a>\nBASE <urn:y:/>\nPREFIX a: <a>\n"


@pytest.mark.parametrize("request_text", ["", "# nothing", "PREFIX a: <urn:a:>"])
def test_a_request_may_have_no_operation(request_text):
    assert operations(request_text) == []


PARTS = [
    ("INSERT DATA { :a :b _:c }", Data(True, braces("{ :a :b _:c }", labels=["_:c"]))),
    ("delete data{:a :b 1}", Data(False, braces("{:a :b 1}"))),
    (
        "DELETE WHERE { ?a :b { 1 } }",
        Change(
            None, braces("{ ?a :b { 1 } }", (2, 4, "a")), None, (), braces("{ ?a :b { 1 } }", (2, 4, "a"))
        ),
    ),
    (
        "WITH :g DELETE { ?a :b 1 } INSERT { $a :c '?a' } USING :h USING NAMED <urn:i> WHERE { ?a :b 1 }",
        Change(
            ":g",
            braces("{ ?a :b 1 }", (2, 4, "a")),
            braces("{ $a :c '?a' }", (2, 4, "a")),
            (":h", "NAMED <urn:i>"),
            braces("{ ?a :b 1 }", (2, 4, "a")),
        ),
    ),
    ("INSERT {} WHERE {}", Change(None, None, braces("{}"), (), braces("{}"))),
    ("CLEAR SILENT GRAPH :g", Clear(False, True, ":g")),
    ("drop named", Clear(True, False, "NAMED")),
    ("DROP DEFAULT", Clear(True, False, "DEFAULT")),
    ("CREATE SILENT GRAPH <urn:g>", Create(True, "<urn:g>")),
    ("ADD default TO GRAPH :g", Transfer("ADD", False, "DEFAULT", ":g")),
    ("MOVE SILENT GRAPH :g TO DEFAULT", Transfer("MOVE", True, ":g", "DEFAULT")),
]


@pytest.mark.parametrize(("text", "expected"), PARTS)
def test_an_operation_is_taken_apart(text, expected):
    assert parts(text) == expected


def test_variables_are_replaced_where_they_stand_and_nothing_else():
    template = parts("INSERT { ?a :p '?a' ; :q ?ab , $a } # ?a\n WHERE {}").inserts
    assert (
        template.replaced({"a": "<urn:1>", "ab": "<urn:2>"}.get)
        == "{ <urn:1> :p '?a' ; :q <urn:2> , <urn:1> }"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "ASK {}",
            "Line 1, column 1: an operation begins with INSERT, DELETE, WITH, CLEAR, DROP, CREATE, ADD,",
        ),
        ("DROP ALL ;; DROP ALL", "Line 1, column 11: there is no operation before this semicolon."),
        ("PREFIX a: <urn:a:> ; DROP ALL", "Line 1, column 20: there is no operation before this semicolon."),
        ("PREFIX a: <b> DROP ALL", "Line 1, column 11: the IRI <b> is not absolute and no BASE is declared."),
        ("DROP GRAPH\n<b>", "Line 2, column 1: the IRI <b> is not absolute and no BASE is declared."),
    ],
)
def test_what_is_no_request_is_refused_with_its_place(text, sentence):
    with pytest.raises(NotUnderstood) as refused:
        operations(text)
    assert str(refused.value).startswith(sentence)


def test_the_scheme_of_an_iri_may_be_written_with_an_escape():
    assert len(operations("DROP GRAPH <\\u0075rn:g>")) == 1
