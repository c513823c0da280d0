"""The table of commits."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "commits",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("parent", sa.Integer, nullable=False),
        sa.Column("parent_hash", sa.String(64), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("door", sa.String(20), nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("request_digest", sa.Text),
        sa.Column("inserts", sa.Integer, nullable=False),
        sa.Column("deletes", sa.Integer, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("patch_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("patch", sa.LargeBinary),
        sa.CheckConstraint("parent = revision - 1", name="commits_are_dense"),
        sa.UniqueConstraint("id", name="commits_id"),
        sa.UniqueConstraint("author", "key", name="commits_author_key"),
    )
    op.create_index("commits_time", "commits", ["time"])
    op.create_index("commits_author", "commits", ["author", "revision"])
