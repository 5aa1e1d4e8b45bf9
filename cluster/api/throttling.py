"""How often one person may ask. The counters lie in Redis; when it does not answer, the API goes on without counting."""

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which loads this module

logger = logging.getLogger(__name__)


class PatientThrottle(UserRateThrottle):
    """Refuses with 429 and Retry-After above the rate of the settings."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as error:
            logger.warning("Requests are not counted: %s", error)
            return True
