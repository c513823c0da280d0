"""Tiny files about NUTS, and what comes of reading them."""

from itertools import count

import openpyxl
import pytest
from rdflib import RDFS, SKOS

from kb.importers import nuts
from kb.terms import DEF, GRAPH, ID

CHANGES = ("Country", "NUTS level 1", "NUTS level 2", "NUTS level 3", "Change", "NUTS level")


@pytest.fixture
def workbook(tmp_path):
    """Writes a workbook of the change from one edition to another, NUTS<old>-NUTS<new>.xlsx.

    A row is (old code, new code, name) or with a fourth cell, the words about the change; any other number of
    cells is written as it is. sheets: further sheets, each (title, header, row, ...).
    """

    def cells(row):
        if len(row) not in (3, 4):
            return row
        old, new, name, change = (*row, "")[:4]
        level = len(new or old) - 2
        return (old, new, *(name if column == level else None for column in range(4)), change, level)

    def write(old, new, *rows, sheets=()):
        book = openpyxl.Workbook()
        book.active.title = f"NUTS{old}-NUTS{new}"
        for row in ((f"Code {old}", f"Code {new}", *CHANGES), *map(cells, rows)):
            book.active.append(row)
        for title, *more in sheets:
            sheet = book.create_sheet(title)
            for row in more:
                sheet.append(row)
        path = tmp_path / f"NUTS{old}-NUTS{new}.xlsx"
        book.save(path)
        return path

    return write


@pytest.fixture
def table(tmp_path):
    """Writes a text file of lines; the name does not matter unless it is given."""
    numbers = count()

    def write(*lines, name=None):
        path = tmp_path / (name or f"table{next(numbers)}.csv")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def crosswalk(table):
    """Writes a crosswalk of flows, each "from,to,from edition,to edition,people"."""
    return lambda *flows: table("from_code,to_code,from_version,to_version,pop21", *flows)


@pytest.fixture
def read(silent):
    """Reads files; all their bad rows must be those that are given."""

    def of(*files, bad_rows=()):
        imported = nuts.read(files, silent)
        assert [str(row) for row in imported.bad_rows] == list(bad_rows)
        return Regions(imported)

    return of


def _slug(iri):
    return str(iri).rpartition("/")[2]


class Regions:
    """What an import says about regions."""

    def __init__(self, imported):
        self.dataset, self.reports = imported.dataset, imported.reports
        self.graph = imported.dataset.graph(GRAPH["source/nuts"])

    def places(self, *codes):
        """(code, edition) -> the place, for the units with these codes."""
        found = {}
        for version, place in self.graph.subject_objects(DEF.versionOf):
            code = str(self.graph.value(version, DEF.nutsCode))
            if code in codes:
                found[code, _slug(self.graph.value(version, DEF.inNutsEdition))] = _slug(place)
        return found

    def names(self, region):
        """The labels and the alternative labels of a region, as (text, language)."""
        thing = ID[f"region/{region}"]
        return tuple(
            sorted((str(name), name.language) for name in self.graph.objects(thing, kind))
            for kind in (RDFS.label, SKOS.altLabel)
        )

    @property
    def successions(self):
        """The pairs of a unit and its successor with another code, each as code-edition."""
        pairs = self.graph.subject_objects(DEF.succeededBy)
        found = sorted((_slug(old), _slug(new)) for old, new in pairs)
        return [(old, new) for old, new in found if old.partition("-")[0] != new.partition("-")[0]]

    @property
    def changes(self):
        """The changes: (old code, new code, types, same place, basis, population share, explanation)."""
        columns = ("old code", "new code", "types", "same place", "basis", "population share", "explanation")
        return [tuple(row[column] for column in columns) for row in self.reports["changes"]]

    @property
    def unresolved(self):
        """What a person may want to look at: (edition, code, remark)."""
        return [(row["edition"], row["code"], row["remark"]) for row in self.reports["unresolved"]]
