"""The tables of users and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("graphs", sa.Text),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("disabled", sa.String(27)),
    )
    op.create_table(
        "tokens",
        sa.Column("prefix", sa.String(8), primary_key=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name", name="tokens_user"), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("last_four", sa.String(4), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("expires", sa.String(27)),
        sa.Column("revoked", sa.String(27)),
    )
    op.create_index("tokens_of_user", "tokens", ["user"])
