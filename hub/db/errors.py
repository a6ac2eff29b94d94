"""What the database may refuse, the same for both dialects."""

from hub.errors import Conflict, Gone, HubError, Unavailable


class DatabaseGone(Unavailable):
    """The database cannot be reached, is full or does not answer; known within about a second. Try again later."""

    code = "database_gone"


class DatabaseLocked(DatabaseGone):
    """Someone else holds a row or the file too long, or two writers wait for each other. The same work may succeed when
    tried again."""

    code = "database_locked"


class IntegrityViolation(Conflict):
    """A write broke a named rule of the schema; `constraint` is its name as declared."""

    code = "integrity"

    def __init__(self, constraint: str) -> None:
        super().__init__(f"breaks {constraint}")
        self.constraint = constraint


class UniqueViolation(IntegrityViolation):
    """Another row already has this key."""

    code = "not_unique"


class ForeignKeyViolation(IntegrityViolation):
    """The row pointed to is not there, or is still pointed at. On SQLite the constraint's name is unknown and empty."""

    code = "not_linked"


class ResyncNeeded(Gone):
    """The cursor is of another epoch, too old or not ours: load the state anew and take a fresh cursor."""

    code = "resync"


class MigrationError(HubError):
    """The schema and the migrations of this program do not fit together."""

    code = "migration"


class NotMigrated(Unavailable):
    """Migrations of this program are still to be applied."""

    code = "not_migrated"


class NestedUnitOfWork(RuntimeError):
    """A task that holds a unit of work asked for another one, or waits for the committer: it would wait for itself."""
