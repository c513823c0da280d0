"""Settings: a name, a default and a sentence of help each; environment over file over default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from kb.errors import KnowledgeBaseError
from kb.folder import DataFolder


class BadSetting(KnowledgeBaseError):
    """A setting that has a value it cannot have, or a settings file that cannot be read."""

    title = "A setting is wrong"


@dataclass(frozen=True)
class Setting:
    """One setting. `name` in the file; `REGIOLINK_<NAME>` in the environment."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        return f"REGIOLINK_{self.name.upper()}"


CONFIG = Setting(
    "config",
    "",
    "TOML file to read settings from, one key a setting; none when empty. Read from the environment only.",
)

_HOST_NAME = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")

SETTINGS = (
    Setting("host", "127.0.0.1", "Address to listen on; 0.0.0.0 for every address of the machine."),
    Setting("port", "8000", "Port to listen on, 1 to 65535."),
    Setting(
        "data_dir",
        platformdirs.user_data_dir("regiolink", appauthor=False),
        "Folder of the built knowledge base; made when it is not there.",
    ),
    Setting(
        "public_url",
        "",
        "Address that clients know the service by, such as https://data.example.org/; "
        "http://<host>:<port>/ when empty.",
    ),
    Setting(
        "default_graph",
        "union",
        "What queries read that name no graph: union, the merge of the public graphs, or stored, a graph of "
        "its own as in a plain SPARQL store.",
    ),
    Setting("threads", "32", "How many requests are answered at the same time, 1 to 64."),
    Setting("readers", "", "How many queries run at the same time, 1 to 64; one a core when empty."),
    Setting("reader_bytes", "1000000000", "Memory that a query may take, 100000000 to 1000000000000 bytes."),
    Setting("queue", "64", "How many queries may wait for a reader, half of them of one client; 1 to 10000."),
    Setting("queue_seconds", "5", "How long a query may wait for a reader, 1 to 300 seconds."),
    Setting("query_seconds", "10", "How long a query may take, 1 to 3600 seconds."),
    Setting("answer_rows", "", "Most rows of an answer; one with more is refused. No limit when empty."),
    Setting("answer_bytes", "", "Most bytes of an answer; a larger one is refused. No limit when empty."),
    Setting("update_seconds", "30", "How long a change over HTTP may take, 1 to 3600 seconds."),
    Setting("cache_bytes", "64000000", "Bytes of answers kept for who asks again, 0 to 10000000000."),
    Setting(
        "shared_seconds",
        "10",
        "How long a shared cache may tell an answer on without asking again, 0 to 86400 seconds.",
    ),
    Setting(
        "ledger",
        "",
        "postgresql:// address of the ledger; the file ledger.sqlite in the data folder when empty.",
    ),
    Setting("proxies", "0", "How many proxies stand in front and say who the client is, 0 to 8."),
    Setting("trusted_hosts", "", "Host names to answer for, separated by commas; any when empty."),
    Setting(
        "max_body_bytes",
        "200000000",
        "Largest body of a request by a user with a token, 1000 to 10000000000.",
    ),
    Setting("rate_limit", "", "Most requests of one client, such as 600/minute; no limit when empty."),
    Setting("log", "json", "How requests are logged to standard error: json, text or off."),
    Setting(
        "log_queries", "no", "Whether the text of queries is logged, which may hold personal data: yes or no."
    ),
    Setting(
        "service_endpoints",
        "",
        "Addresses of the SPARQL endpoints that SERVICE may ask, separated by commas; none when empty.",
    ),
    Setting("service_seconds", "20", "How long all SERVICE clauses of a query may take, 1 to 3600 seconds."),
    Setting(
        "service_rows", "10000", "Most rows that the SERVICE clauses of a query may bring, 1 to 1000000."
    ),
    Setting(
        "service_requests", "50", "Most requests that the SERVICE clauses of a query may send, 1 to 1000."
    ),
    Setting(
        "load_sources",
        "",
        "What the addresses that LOAD may read begin with, separated by commas; none when empty.",
    ),
    Setting(
        "private_addresses",
        "no",
        "Whether SERVICE and LOAD may ask this machine and private networks: yes or no.",
    ),
    Setting("metrics_open", "no", "Whether /metrics answers others than this machine: yes or no."),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force, typed; `sources` tells for each name where its value is from."""

    host: str
    port: int
    data_dir: Path
    public_url: str
    default_graph: str
    threads: int
    readers: int
    reader_bytes: int
    queue: int
    queue_seconds: int
    query_seconds: int
    answer_rows: int | None
    answer_bytes: int | None
    update_seconds: int
    cache_bytes: int
    shared_seconds: int
    ledger: str
    proxies: int
    trusted_hosts: tuple[str, ...]
    max_body_bytes: int
    rate_limit: str
    log: str
    log_queries: bool
    service_endpoints: tuple[str, ...]
    service_seconds: int
    service_rows: int
    service_requests: int
    load_sources: tuple[str, ...]
    private_addresses: bool
    metrics_open: bool
    sources: Mapping[str, str]


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. environment: `os.environ` when None.

    Raises `BadSetting` for a value out of range, an unknown key and a file that cannot be read.
    """
    environment = os.environ if environment is None else environment
    in_file = _from_file(environment.get(CONFIG.variable, ""))
    values, sources = {}, {}
    for setting in SETTINGS:
        if environment.get(setting.variable):
            values[setting.name], sources[setting.name] = environment[setting.variable], "environment"
        elif setting.name in in_file:
            values[setting.name], sources[setting.name] = in_file[setting.name], "file"
        else:
            values[setting.name], sources[setting.name] = setting.default, "default"
    return Settings(
        host=values["host"],
        port=_whole_number("port", values["port"], 1, 65535),
        data_dir=Path(values["data_dir"]).expanduser(),
        public_url=_address(values["public_url"]) or _local_address(values["host"], values["port"]),
        default_graph=_one_of("default_graph", values["default_graph"], ("union", "stored")),
        threads=_whole_number("threads", values["threads"], 1, 64),
        readers=_whole_number("readers", values["readers"] or str(min(os.cpu_count() or 1, 64)), 1, 64),
        reader_bytes=_whole_number("reader_bytes", values["reader_bytes"], 10**8, 10**12),
        queue=_whole_number("queue", values["queue"], 1, 10_000),
        queue_seconds=_whole_number("queue_seconds", values["queue_seconds"], 1, 300),
        query_seconds=_whole_number("query_seconds", values["query_seconds"], 1, 3600),
        answer_rows=_limit("answer_rows", values["answer_rows"]),
        answer_bytes=_limit("answer_bytes", values["answer_bytes"]),
        update_seconds=_whole_number("update_seconds", values["update_seconds"], 1, 3600),
        cache_bytes=_whole_number("cache_bytes", values["cache_bytes"], 0, 10**10),
        shared_seconds=_whole_number("shared_seconds", values["shared_seconds"], 0, 86_400),
        ledger=_ledger(values["ledger"]),
        proxies=_whole_number("proxies", values["proxies"], 0, 8),
        trusted_hosts=_host_names(values["trusted_hosts"]),
        max_body_bytes=_whole_number("max_body_bytes", values["max_body_bytes"], 1000, 10**10),
        rate_limit=_rate(values["rate_limit"]),
        log=_one_of("log", values["log"], ("json", "text", "off")),
        log_queries=_yes_or_no("log_queries", values["log_queries"]),
        service_endpoints=_web_addresses("service_endpoints", values["service_endpoints"]),
        service_seconds=_whole_number("service_seconds", values["service_seconds"], 1, 3600),
        service_rows=_whole_number("service_rows", values["service_rows"], 1, 10**6),
        service_requests=_whole_number("service_requests", values["service_requests"], 1, 1000),
        load_sources=_web_addresses("load_sources", values["load_sources"]),
        private_addresses=_yes_or_no("private_addresses", values["private_addresses"]),
        metrics_open=_yes_or_no("metrics_open", values["metrics_open"]),
        sources=sources,
    )


def ledger_place(settings: Settings) -> str | Path:
    """Where the ledger is: the address of the settings, else a file in the data folder."""
    return settings.ledger or DataFolder(settings.data_dir).ledger


def shown(settings: Settings, setting: Setting) -> str:
    """The value of a setting as it may be shown: a password in it is left out."""
    value = getattr(settings, setting.name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(value)
    if value is None:
        return ""
    # Up to the last @, since a password may hold one.
    masked = re.sub(r"(://[^:@/?]*):.*@", r"\1:***@", str(value))
    return re.sub(r"(?i)([?&][a-z_]*password=)[^&]*", r"\1***", masked)


def _from_file(path: str) -> dict[str, str]:
    if not path:
        return {}
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        raise BadSetting(f"The settings file {path} cannot be read.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"The settings file {path} is not TOML: {error}.") from None
    known = {setting.name for setting in SETTINGS}
    for key in found:
        if key not in known:
            raise BadSetting(f"The settings file {path} has the unknown key {key!r}.")
    return {
        key: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in found.items()
    }


def _whole_number(name: str, text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"The setting {name} is {text!r}; it must be a whole number from {low} to {high}.")
    return int(text)


def _limit(name: str, text: str) -> int | None:
    return _whole_number(name, text, 1, 10**12) if text else None


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise BadSetting(f"The setting {name} is {text!r}; it must be {' or '.join(known)}.")
    return text


def _address(text: str) -> str:
    """An address of the web, with a slash at its end; empty when none is given."""
    if not text:
        return ""
    if not re.fullmatch(r"https?://[^/?#@\s<>\"{}|\\^`]+(/[^?#\s<>\"{}|\\^`]*)?", text):
        raise BadSetting(f"The setting public_url is {text!r}; it must be like https://data.example.org/.")
    return text.rstrip("/") + "/"


def _local_address(host: str, port: str) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _yes_or_no(name: str, text: str) -> bool:
    # TOML has true and false.
    words = {"True": "yes", "False": "no"}
    return _one_of(name, words.get(text, text), ("yes", "no")) == "yes"


def _ledger(text: str) -> str:
    if text and not text.startswith(("postgresql://", "postgres://")):
        # The value is not shown: it may hold a password.
        raise BadSetting("The setting ledger must be empty or an address that begins with postgresql://.")
    return text


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise BadSetting(
                f"The setting trusted_hosts holds {name!r}; it must list host names without a port, "
                "a leading dot for all names below one."
            )
    return names


def _web_addresses(name: str, text: str) -> tuple[str, ...]:
    addresses = tuple(address.strip() for address in text.split(",") if address.strip())
    for address in addresses:
        if not re.fullmatch(r"https?://[^/?#@\s<>\"{}|\\^`]+/[^#\s<>\"{}|\\^`]*", address):
            raise BadSetting(
                f"The setting {name} holds {address!r}; it must list addresses of the web with a slash after "
                "the host, such as https://data.example.org/sparql."
            )
    return addresses


def _rate(text: str) -> str:
    if text and not _RATE.fullmatch(text):
        raise BadSetting(
            f"The setting rate_limit is {text!r}; it must be empty or a number of requests per second, "
            "minute, hour or day, such as 600/minute."
        )
    return text
