"""API tokens: stored hashed, scoped, expiring; the secret is shown once."""

import hashlib
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cluster.models.scope import Reader, ScopedQuerySet, scope_of


class ApiTokenQuerySet(ScopedQuerySet["ApiToken"]):
    """Everybody sees the own tokens."""

    def for_reader(self, reader: Reader) -> Self:
        return self if scope_of(reader).superuser else self.filter(user_id=reader.pk)


class ApiToken(models.Model):
    """A key of a program that acts for a person, within that person's rights; read-only unless `may_write`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    may_write = models.BooleanField(_("may write"), default=False)
    expires_at = models.DateTimeField(_("expires at"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["user", "name"]

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    @staticmethod
    def hash(secret: str) -> str:
        """The stored form of a secret. A secret is 256 random bits, so one round of SHA-256 is enough."""
        return hashlib.sha256(secret.encode()).hexdigest()
