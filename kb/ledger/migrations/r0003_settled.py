"""The table of commits that were in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "settled",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("time", sa.String(27), nullable=False),
        sa.Column("revision", sa.Integer),
    )
