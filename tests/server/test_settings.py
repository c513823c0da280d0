"""Tests of server/settings.py."""

from pathlib import Path

import pytest

from server.settings import BadSetting, load_settings


def test_defaults_hold_when_nothing_is_set():
    settings = load_settings({})
    assert (settings.host, settings.port, settings.threads) == ("127.0.0.1", 8000, 8)
    assert (settings.public_url, settings.default_graph) == ("http://127.0.0.1:8000/", "union")
    assert set(settings.sources.values()) == {"default"}


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    file = tmp_path / "regiolink.toml"
    file.write_text('port = 9000\nhost = "::1"\n')
    settings = load_settings({"REGIOLINK_CONFIG": str(file), "REGIOLINK_PORT": "9100"})
    assert (settings.host, settings.port) == ("::1", 9100)
    assert (settings.sources["host"], settings.sources["port"]) == ("file", "environment")
    assert {settings.sources[name] for name in settings.sources.keys() - {"host", "port"}} == {"default"}


def test_the_data_folder_may_begin_with_a_tilde():
    assert load_settings({"REGIOLINK_DATA_DIR": "~/x"}).data_dir == Path.home() / "x"


@pytest.mark.parametrize("port", ["0", "65536", "http", "8000.5", "-1", "٨"])
def test_a_port_out_of_range_is_refused(port):
    with pytest.raises(BadSetting, match="whole number from 1 to 65535"):
        load_settings({"REGIOLINK_PORT": port})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("prot = 1", "unknown key 'prot'"), ("port = ", "is not TOML"), (None, "cannot be read")],
)
def test_a_settings_file_that_is_wrong_is_refused_in_a_sentence(tmp_path, text, sentence):
    file = tmp_path / "regiolink.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadSetting, match=sentence):
        load_settings({"REGIOLINK_CONFIG": str(file)})


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({"REGIOLINK_HOST": "::1", "REGIOLINK_PORT": "81"}, "http://[::1]:81/"),
        ({"REGIOLINK_PUBLIC_URL": "https://data.example.org"}, "https://data.example.org/"),
        ({"REGIOLINK_PUBLIC_URL": "https://example.org:8443/links/"}, "https://example.org:8443/links/"),
    ],
)
def test_the_address_of_the_service_is_never_a_guess(environment, address):
    assert load_settings(environment).public_url == address


@pytest.mark.parametrize("text", ["data.example.org", "ftp://x/", "https://", "https://a b/", "https://u@x/"])
def test_a_public_address_that_is_none_is_refused(text):
    with pytest.raises(BadSetting, match="it must be like https://data"):
        load_settings({"REGIOLINK_PUBLIC_URL": text})


def test_the_default_graph_is_one_of_two_kinds():
    assert load_settings({"REGIOLINK_DEFAULT_GRAPH": "stored"}).default_graph == "stored"
    with pytest.raises(BadSetting, match="union or stored"):
        load_settings({"REGIOLINK_DEFAULT_GRAPH": "merge"})
