"""The services of this package in one value."""

from dataclasses import dataclass
from typing import Self

from hub.auth.authenticator import Authenticator, QueuesOf, no_queues
from hub.auth.oidc import Provider
from hub.auth.passwords import Passwords
from hub.auth.preferences import PreferenceStore
from hub.auth.proof import PasswordProof
from hub.auth.roles import Roles
from hub.auth.second_factor import SecondFactors
from hub.auth.sessions import Sessions
from hub.auth.sign_on import SingleSignOn
from hub.auth.teams import Teams
from hub.auth.tokens import Tokens
from hub.auth.users import Users
from hub.bus import Bus
from hub.db import Database
from hub.egress import AllowList, Egress
from hub.secrets import SecretKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Who signs in, with which rights, and who is calling."""

    users: Users
    roles: Roles
    teams: Teams
    sessions: Sessions
    factors: SecondFactors
    sign_on: SingleSignOn
    tokens: Tokens
    callers: Authenticator
    passwords: Passwords
    preferences: PreferenceStore

    @classmethod
    def build(
        cls,
        db: Database,
        bus: Bus,
        *,
        keys: SecretKeys,
        queues_of: QueuesOf = no_queues,
        provider: Provider | None = None,
        egress: Egress | None = None,
        back: str = "",
    ) -> Self:
        """Put the services together; `queues_of` tells the memberships a lower layer cannot know.

        `provider` signs users on over `egress`, and sends them to the address `back`.
        """
        passwords = Passwords()
        proof = PasswordProof(db, passwords)
        factors = SecondFactors(db, keys, proof)
        users, sessions = Users(db, bus, passwords, proof), Sessions(db, bus, passwords, factors)
        gate = egress or Egress(AllowList.of(()))
        return cls(
            users=users,
            roles=Roles(db, bus),
            teams=Teams(db, bus),
            sessions=sessions,
            factors=factors,
            sign_on=SingleSignOn(db, users, sessions, provider=provider, egress=gate, back=back),
            tokens=Tokens(db, bus),
            callers=Authenticator(db, bus, queues_of=queues_of),
            passwords=passwords,
            preferences=PreferenceStore(db),
        )

    def close(self) -> None:
        """Let go of the hashing threads."""
        self.passwords.close()
