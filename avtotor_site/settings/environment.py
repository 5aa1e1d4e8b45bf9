"""Where settings read the environment: the reader, and the folders that others are relative to."""

from pathlib import Path
from urllib.parse import urlsplit

import environ

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent

# The address people use. Its scheme decides whether cookies are Secure and HTTPS is enforced.
SITE_URL: str = env.str("SITE_URL", default="https://localhost").rstrip("/")
SITE_HOST: str = urlsplit(SITE_URL).hostname or "localhost"
SITE_IS_HTTPS: bool = SITE_URL.startswith("https://")

STATE_DIR = Path(env.str("STATE_DIR", default=str(BASE_DIR / ".state")))
