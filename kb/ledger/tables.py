"""The tables of the ledger's database, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

COMMITS = Table(
    "commits",
    METADATA,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False),
    Column("parent", Integer, nullable=False),
    Column("parent_hash", String(64), nullable=False),
    Column("author", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("time", String(27), nullable=False),
    Column("message", Text, nullable=False),
    Column("door", String(20), nullable=False),
    Column("key", Text),
    Column("request_digest", Text),
    Column("inserts", Integer, nullable=False),
    Column("deletes", Integer, nullable=False),
    Column("report", Text, nullable=False),
    Column("patch_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("patch", LargeBinary),
    Column("waiver", Text),
    Column("graphs", Text),
    CheckConstraint("parent = revision - 1", name="commits_are_dense"),
    UniqueConstraint("id", name="commits_id"),
    UniqueConstraint("author", "key", name="commits_author_key"),
    Index("commits_time", "time"),
    Index("commits_author", "author", "revision"),
)
"""One row a commit. patch: compressed; NULL when it lies in the patch folder under its hash.

graphs: a JSON list of the graphs that the patch touches, which follows from the patch.
"""

TOUCHES = Table(
    "touches",
    METADATA,
    Column("thing_hash", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""What each commit touches, as `kb.ledger.touches.touched` tells it; it follows from the patch too."""

SETTLED = Table(
    "settled",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("time", String(27), nullable=False),
    Column("revision", Integer),
)
"""Commits that were in doubt, and what came out: the revision, or NULL when it never was."""

USERS = Table(
    "users",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("role", String(20), nullable=False),
    Column("graphs", Text),
    Column("created", String(27), nullable=False),
    Column("disabled", String(27)),
)
"""graphs: a JSON list of graph names that a steward may change, NULL for all. disabled: since when."""

TOKENS = Table(
    "tokens",
    METADATA,
    Column("prefix", String(8), primary_key=True),
    Column("user", Text, ForeignKey("users.name", name="tokens_user"), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("last_four", String(4), nullable=False),
    Column("label", Text, nullable=False),
    Column("created", String(27), nullable=False),
    Column("expires", String(27)),
    Column("revoked", String(27)),
    Index("tokens_of_user", "user"),
)
"""prefix: the first characters of the secret, to find its row by. hash: SHA-256 of the secret, in hex."""
