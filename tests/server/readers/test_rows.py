"""Tests of server/readers/rows.py."""

from io import BytesIO

import pyoxigraph as ox
import pytest

from kb.engine.answers import RESULT_FORMS
from server.readers.rows import Rows

FORMS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
VALUES = ("", "1", "1 2", '"}},{\\"x" "},{" <urn:x>', '"<result>" "a"@en UNDEF 5')


@pytest.mark.parametrize("at_once", [1, 7, 1000])
@pytest.mark.parametrize("form", RESULT_FORMS)
@pytest.mark.parametrize("values", VALUES)
def test_rows_are_counted_wherever_the_text_is_parted(form, values, at_once):
    found = ox.Store().query(f"SELECT ?x ?y {{ VALUES ?x {{ {values} }} BIND(1 AS ?y) }}")
    text = BytesIO()
    found.serialize(text, FORMS[form])
    rows = Rows(form)
    text.seek(0)
    while part := text.read(at_once):
        rows.count(part)
    assert rows.total == (len(values.split()) if values else 0)
