"""Why violations were waived, and what each commit touches; `Ledger.open` fills that in for older commits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("commits", sa.Column("waiver", sa.Text))
    op.add_column("commits", sa.Column("graphs", sa.Text))
    op.create_table(
        "touches",
        sa.Column("thing_hash", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
