"""The database's tables, version by version (Alembic).

A change of ``store/tables.py`` is one new file in ``versions/`` and a new ``HEAD``.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from overfit_core.errors import StoreError

HEAD = "0005"
"""The newest revision."""


def upgrade(connection: Connection) -> None:
    """Bring the tables to ``HEAD``, inside the connection's open transaction.

    Raises:
        StoreError: If the database was made by a later version of this program.
    """
    # Imported here: it is needed once in the life of a database.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"The database was made by another version of this program ({error}). "
            "Update the program, or set OVERFIT_DATA_DIR to a new folder."
        ) from error
