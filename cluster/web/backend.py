"""Who is logged in: Django's accounts, read together with what the person may do."""

from django.contrib.auth.backends import ModelBackend

from cluster.models import User
from cluster.queries.people import person_with_scope


class PeopleBackend(ModelBackend):
    """Django's back end; every page asks for the memberships of its reader, so that they come in the statement of the person."""

    def get_user(self, user_id: int) -> User | None:
        """The person of a session, with the scope; None for one who may not log in any more."""
        person = person_with_scope(user_id)
        return person if person is not None and self.user_can_authenticate(person) else None
