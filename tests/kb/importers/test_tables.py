"""Tables are read row by row; what is no table is refused in one sentence."""

import gzip
import zipfile

import pytest

from kb.errors import NotUnderstood
from kb.imported import BadRow
from kb.importers.tables import read_rows

COLUMNS = ("code", "name")


def read(path, columns=COLUMNS, **options):
    """All rows of `path`, its bad rows, and what was told of the progress."""
    bad, told = [], []
    rows = list(read_rows(path, columns, bad_rows=bad, progress=lambda *step: told.append(step), **options))
    return rows, bad, told


def refusal(path, columns=COLUMNS, **options):
    with pytest.raises(NotUnderstood) as refused:
        read(path, columns, **options)
    return str(refused.value)


def table(folder, content, name="table.tsv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_rows_come_with_their_line_and_the_wanted_columns_only(tmp_path):
    path = table(tmp_path, "\ufeffname\tother\tcode\r\n Åland \tx\tALA\r\n\r\nSpain\t\tESP\r\n")
    rows, bad, _ = read(path)
    assert rows == [
        ("line 2", {"code": "ALA", "name": "Åland"}),
        ("line 4", {"code": "ESP", "name": "Spain"}),
    ]
    assert bad == []


def test_a_quoted_cell_may_hold_delimiters_quotes_and_line_ends(tmp_path):
    path = table(tmp_path, 'code;name\n1;"a;""b""\nc"\n2;d\n', "table.csv")
    rows, _, _ = read(path, delimiter=";")
    assert rows == [("line 2", {"code": "1", "name": 'a;"b"\nc'}), ("line 4", {"code": "2", "name": "d"})]


def test_a_quote_is_a_plain_character_where_cells_are_not_quoted(tmp_path):
    rows, _, _ = read(table(tmp_path, 'code\tname\n1\t"Celio" Hospital\n'), quoted=False)
    assert rows == [("line 2", {"code": "1", "name": '"Celio" Hospital'})]


def test_a_row_of_another_length_is_bad_unless_only_unwanted_cells_are_missing(tmp_path):
    path = table(tmp_path, "code\tname\tnote\n1\n2\tb\n3\tc\td\te\n4\td\te\n")
    rows, bad, _ = read(path)
    assert rows == [("line 3", {"code": "2", "name": "b"}), ("line 5", {"code": "4", "name": "d"})]
    assert bad == [
        BadRow("table.tsv", "line 2", "code", "1", "The row has 1 cell, the header 3 cells."),
        BadRow("table.tsv", "line 4", "code", "3", "The row has 4 cells, the header 3 cells."),
    ]


def test_a_packed_table_reads_like_a_plain_one_and_tells_the_bytes_on_the_disk(tmp_path):
    plain = table(tmp_path, "code\tname\n1\ta\n")
    packed = table(tmp_path, gzip.compress(plain.read_bytes()), "table.tsv.gz")
    with zipfile.ZipFile(tmp_path / "table.zip", "w") as archive:
        archive.write(plain, "folder/table.tsv")
        archive.writestr("README.md", "not the table")
    for path in (plain, packed, tmp_path / "table.zip"):
        rows, bad, told = read(path)
        assert (rows, bad) == ([("line 2", {"code": "1", "name": "a"})], [])
        size = path.stat().st_size
        assert (size, size, path.name) in told


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "table.tsv is empty."),
        ("\n\n", "table.tsv is empty."),
        ("code\tname\n", "table.tsv has a header but no rows."),
        ("code\ttitle\n1\ta\n", "table.tsv lacks the columns name; it has code, title."),
        ("code\tname\tname\n1\ta\tb\n", "table.tsv has the column name more than once."),
        (b"code\tname\n1\t\0\n", "table.tsv is not a text file: line 2 has a zero byte."),
        (b"\x89PNG\r\n", "table.tsv is not a text file in UTF-8 (somewhere after line 0)."),
        (
            "code\tname\n1\tÅland\n".encode("latin-1"),
            "table.tsv is not a text file in UTF-8 (somewhere after line 0).",
        ),
        (
            'code\tname\n1\t"a\n2\tb\n',
            "table.tsv is not the table it should be: line 2: unexpected end of data.",
        ),
        (
            f"code\tname\n1\t{'a' * 200_000}\n",
            "table.tsv is not the table it should be: line 2: field larger than field limit (131072).",
        ),
        ("a" * 1_100_000, "table.tsv is not a table: line 1 has over a million characters."),
        (
            gzip.compress(b"code\tname\n1\ta\n" * 99)[:-9],
            "table.tsv is a broken packed file; download it again.",
        ),
        (b"PK\x03\x04 is no zip", "table.tsv is a broken packed file; download it again."),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, content, sentence):
    assert refusal(table(tmp_path, content)) == sentence


def test_a_zip_with_no_table_or_with_two_is_refused(tmp_path):
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sheet.xml", "<sheet/>")
    wanted = ".csv or .tsv or .txt"
    assert refusal(path) == f"book.xlsx does not hold exactly one file whose name ends in {wanted}."


def test_a_zip_that_cannot_be_unpacked_here_is_refused(tmp_path):
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("table.tsv", "code\tname\n1\ta\n")
    assert refusal(path) == "table.zip is packed in a way that cannot be read here; unpack it first."
    packed = bytearray(path.read_bytes())
    directory = packed.index(b"PK\x01\x02")
    packed[directory + 8] |= 1  # the flag for a password, in the central directory
    path.write_bytes(packed)
    assert refusal(path) == "table.zip is protected with a password; unpack it first."


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path / "none.tsv") == "none.tsv cannot be read: No such file or directory."
    assert refusal(tmp_path) == f"{tmp_path.name} cannot be read: Is a directory."
