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
    Setting("threads", "8", "How many requests are answered at the same time, 1 to 64."),
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
        sources=sources,
    )


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
    return {key: str(value) for key, value in found.items()}


def _whole_number(name: str, text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"The setting {name} is {text!r}; it must be a whole number from {low} to {high}.")
    return int(text)


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
