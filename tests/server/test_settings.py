"""Tests of server/settings.py."""

from pathlib import Path

import pytest

from server.settings import SETTINGS, BadSetting, ledger_place, load_settings, shown


def test_defaults_hold_when_nothing_is_set():
    settings = load_settings({})
    assert (settings.host, settings.port, settings.threads) == ("127.0.0.1", 8000, 32)
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


def test_yes_and_no_are_also_true_and_false_in_a_file(tmp_path):
    file = tmp_path / "regiolink.toml"
    file.write_text('log_queries = true\nmetrics_open = "no"\n')
    settings = load_settings({"REGIOLINK_CONFIG": str(file)})
    assert (settings.log_queries, settings.metrics_open) == (True, False)


def test_host_names_are_a_list():
    settings = load_settings({"REGIOLINK_TRUSTED_HOSTS": "Data.Example.org, .example.eu,[::1]"})
    assert settings.trusted_hosts == ("data.example.org", ".example.eu", "[::1]")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LOG", "xml", "The setting log is 'xml'; it must be json or text or off."),
        ("LOG_QUERIES", "maybe", "The setting log_queries is 'maybe'; it must be yes or no."),
        (
            "RATE_LIMIT",
            "many",
            "The setting rate_limit is 'many'; it must be empty or a number of requests per second, "
            "minute, hour or day, such as 600/minute.",
        ),
        (
            "TRUSTED_HOSTS",
            "example.org:8000",
            "The setting trusted_hosts holds 'example.org:8000'; it must list host names without a port, "
            "a leading dot for all names below one.",
        ),
        (
            "LEDGER",
            "mysql://ana:geheim@db/x",
            "The setting ledger must be empty or an address that begins with postgresql://.",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_a_sentence(name, value, sentence):
    with pytest.raises(BadSetting) as refused:
        load_settings({f"REGIOLINK_{name}": value})
    assert str(refused.value) == sentence


def test_the_ledger_is_a_file_in_the_data_folder_unless_it_has_an_address(tmp_path):
    inside = {"REGIOLINK_DATA_DIR": str(tmp_path)}
    assert ledger_place(load_settings(inside)) == tmp_path / "ledger.sqlite"
    away = load_settings(inside | {"REGIOLINK_LEDGER": "postgresql://db.example.org/x"})
    assert ledger_place(away) == "postgresql://db.example.org/x"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://ana:geheim@db/x", "postgresql://ana:***@db/x"),
        (
            "postgresql://ana:ge@he:im@db:5432/x?sslmode=require",
            "postgresql://ana:***@db:5432/x?sslmode=require",
        ),
        (
            "postgresql://ana@db/x?sslmode=require&password=geheim",
            "postgresql://ana@db/x?sslmode=require&password=***",
        ),
        ("postgresql://ana@db/x?sslpassword=geheim&a=b", "postgresql://ana@db/x?sslpassword=***&a=b"),
        ("postgresql://db/x", "postgresql://db/x"),
    ],
)
def test_the_password_in_an_address_is_never_shown(address, told):
    (ledger,) = [setting for setting in SETTINGS if setting.name == "ledger"]
    assert shown(load_settings({"REGIOLINK_LEDGER": address}), ledger) == told


def test_values_are_shown_as_they_are_written():
    settings = load_settings({"REGIOLINK_TRUSTED_HOSTS": "a.org, b.org"})
    told = {setting.name: shown(settings, setting) for setting in SETTINGS}
    assert (told["trusted_hosts"], told["metrics_open"], told["port"]) == ("a.org,b.org", "no", "8000")


def test_addresses_of_other_servers_are_listed_with_commas_or_as_a_list(tmp_path):
    listed = ("https://one.example/sparql", "http://two.example:8080/a?b=c")
    assert load_settings({}).service_endpoints == ()
    assert load_settings({"REGIOLINK_LOAD_SOURCES": " , ".join(listed)}).load_sources == listed
    file = tmp_path / "regiolink.toml"
    file.write_text(f"service_endpoints = {list(listed)}\nprivate_addresses = true\n")
    settings = load_settings({"REGIOLINK_CONFIG": str(file)})
    assert (settings.service_endpoints, settings.private_addresses) == (listed, True)


@pytest.mark.parametrize(
    "address", ["https://one.example", "ftp://one.example/", "/x", "https://me@one.example/", "https://a/#b"]
)
def test_what_is_no_address_of_another_server_is_refused(address):
    with pytest.raises(
        BadSetting, match=r"service_endpoints holds .* must list addresses of the web with a slash"
    ):
        load_settings({"REGIOLINK_SERVICE_ENDPOINTS": address})
