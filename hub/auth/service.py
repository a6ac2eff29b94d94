"""The services of this package in one value."""

from dataclasses import dataclass
from typing import Self

from hub.auth.authenticator import Authenticator, QueuesOf, no_queues
from hub.auth.passwords import Passwords
from hub.auth.preferences import PreferenceStore
from hub.auth.proof import PasswordProof
from hub.auth.roles import Roles
from hub.auth.second_factor import SecondFactors
from hub.auth.sessions import Sessions
from hub.auth.teams import Teams
from hub.auth.tokens import Tokens
from hub.auth.users import Users
from hub.bus import Bus
from hub.db import Database
from hub.secrets import SecretKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Who signs in, with which rights, and who is calling."""

    users: Users
    roles: Roles
    teams: Teams
    sessions: Sessions
    factors: SecondFactors
    tokens: Tokens
    callers: Authenticator
    passwords: Passwords
    preferences: PreferenceStore

    @classmethod
    def build(cls, db: Database, bus: Bus, *, keys: SecretKeys, queues_of: QueuesOf = no_queues) -> Self:
        """Put the services together; `queues_of` tells the memberships a lower layer cannot know."""
        passwords = Passwords()
        proof = PasswordProof(db, passwords)
        factors = SecondFactors(db, keys, proof)
        return cls(
            users=Users(db, bus, passwords, proof),
            roles=Roles(db, bus),
            teams=Teams(db, bus),
            sessions=Sessions(db, bus, passwords, factors),
            factors=factors,
            tokens=Tokens(db, bus),
            callers=Authenticator(db, queues_of=queues_of),
            passwords=passwords,
            preferences=PreferenceStore(db),
        )

    def close(self) -> None:
        """Let go of the hashing threads."""
        self.passwords.close()
