"""Who asks: a program with a bearer token, or a person with a session; and what a token may do."""

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from cluster.models import ApiToken, User
from cluster.queries.tokens import token_for

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which loads this module


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <secret>`. A secret that is unknown, expired or of a closed account is one and the same: 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = token_for(secret.strip().decode("ascii", "replace"), now=timezone.now())
        if token is None:
            raise AuthenticationFailed(_("This token is not known, or it has expired."))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenMayWrite(BasePermission):
    """A read-only token reads. Rights over rows are checked by the services."""

    @property
    def message(self) -> str:
        """Said when it refuses."""
        return _("This token may only read.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or not isinstance(request.auth, ApiToken) or request.auth.may_write
