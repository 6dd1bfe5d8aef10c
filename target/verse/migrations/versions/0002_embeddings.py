"""What retrieval looks for; scripts/backfill_embeddings.py fills it in for older messages"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("insight_messages", "conversation_messages")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("embedding", sa.JSON(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("embedding")
