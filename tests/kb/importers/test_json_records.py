"""A JSON array is read one object at a time; what is none is refused in one sentence."""

import json
import tracemalloc
import zipfile

import pytest

from kb.errors import NotUnderstood
from kb.importers.json_records import read_records


def records(path, silent):
    return list(read_records(path, ("_schema_v2.json", ".json"), silent))


def test_objects_come_one_by_one_whatever_the_line_ends_and_blanks(tmp_path, silent):
    path = tmp_path / "records.json"
    path.write_text('\ufeff [\n{"a": "é]}"}\t,\r\n {"b": [{}]} ]\n', encoding="utf-8")
    assert records(path, silent) == [("record 1", {"a": "é]}"}), ("record 2", {"b": [{}]})]


def test_an_empty_array_has_no_records(tmp_path, silent):
    path = tmp_path / "records.json"
    path.write_text("[ ]")
    assert records(path, silent) == []


def test_records_that_lie_across_the_pieces_in_which_the_file_is_read_are_whole(tmp_path, silent):
    expected = [{"number": number, "text": "ü" * (number * 999)} for number in range(300)]
    path = tmp_path / "records.json"
    path.write_text(json.dumps(expected, ensure_ascii=False, indent=1), encoding="utf-8")
    assert [record for _, record in records(path, silent)] == expected


def test_of_two_versions_in_a_zip_the_second_is_read(tmp_path, silent):
    path = tmp_path / "dump.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v1.45-ror-data.json", '[{"version": 1}]')
        archive.writestr("v1.45-ror-data_schema_v2.json", '[{"version": 2}]')
    assert records(path, silent) == [("record 1", {"version": 2})]


def test_memory_does_not_grow_with_the_file(tmp_path, silent):
    path = tmp_path / "records.json"
    path.write_text(json.dumps([{"text": "a" * 5000}] * 4000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_records(path, (".json",), silent)) == 4000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "records.json is empty."),
        (b' {"a": 1}', "records.json is not a JSON array of records."),
        (b"ror_id\tname\n", "records.json is not a JSON array of records."),
        (b"[1, 2]", "records.json is not JSON of the expected form: record 1 is no object."),
        (b'[{"a": 1}, ["b"]]', "records.json is not JSON of the expected form: record 2 is no object."),
        (b'[{"a": 1}, {"b": ', "records.json is not JSON from record 2 on."),
        (b'[{"a": 1}', "records.json is not JSON from record 2 on."),
        (b"[{'a': 1}]", "records.json is not JSON from record 1 on."),
        (b'[{"a":' + b"[" * 200_000, "records.json is not JSON from record 1 on."),
        (b'[{"a": "\xe9"}]', "records.json is not a text file in UTF-8."),
        (b"\x00\x01\x02", "records.json is not a JSON array of records."),
    ],
)
def test_what_is_no_array_of_objects_is_refused_in_one_sentence(tmp_path, silent, content, sentence):
    path = tmp_path / "records.json"
    path.write_bytes(content)
    with pytest.raises(NotUnderstood) as refused:
        records(path, silent)
    assert str(refused.value) == sentence


def test_a_record_without_an_end_is_given_up_before_it_fills_the_memory(tmp_path, silent):
    path = tmp_path / "records.json"
    path.write_bytes(b'[{"a": "' + b"a" * (1 << 25))
    tracemalloc.start()
    try:
        with pytest.raises(NotUnderstood, match=r"^records\.json is not JSON from record 1 on\.$"):
            records(path, silent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
