"""Tests of server/patch_rows.py."""

import pytest

from kb.errors import NotAllowed
from server.patch_rows import refuse_other_graphs

GOOD = [
    "TX .",
    "A <urn:a> <urn:b> <urn:c> .",
    "A <urn:a> <urn:b> <urn:c> <urn:g> .",
    'D <urn:a> <urn:b> "a \\" <urn:x> <urn:y> ." <urn:g> .',
    'A <urn:a> <urn:b> "<<("@en-GB <urn:g> .',
    'A <urn:a> <urn:b> "1"^^<urn:d><urn:g>.',
    "A <urn:a> <urn:b> <urn:c> <urn:g> . # <<",
    'A <urn:a> <urn:b> <<( <urn:a> <urn:b> <<(<urn:h> <urn:b> "<urn:h>"@en--ltr)>> )>> <urn:g> .',
    "A <urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:h> )>> . # <urn:h> .",
    "nonsense <urn:x>",
]


def test_rows_of_the_graph_pass_whatever_their_texts_hold():
    refuse_other_graphs("\n".join(GOOD), "urn:g")


@pytest.mark.parametrize(
    "row",
    [
        "A <urn:a> <urn:b> <urn:c> <urn:h> .",
        '  D <urn:a> <urn:b> "<urn:g>" <urn:h> .',
        "A <urn:a> <urn:b> <urn:c><urn:h>.",
        "A <urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:g> )>> <urn:h> .",
        'D <urn:a> <urn:b> <<(<urn:a> <urn:b> <<( <urn:a> <urn:b> ")>>" )>>)>><urn:h>.',
        "A <urn:a> <urn:b> " + "<<( <urn:a> <urn:b> " * 50_000,
        "A <urn:a> <urn:b> <urn:c> . " + "<urn:a> <urn:b> <<( " * 50_000,
    ],
)
def test_a_row_of_another_graph_or_too_deep_is_refused_with_its_line(row):
    with pytest.raises(NotAllowed, match="Line 2 of the patch: "):
        refuse_other_graphs(f"TX .\n{row}\nTC .", "urn:g")
