"""When the daily jobs are due (local time), and the edge of the outside world they speak to."""

from avtotor_site.settings.environment import env

# Job name -> local time of day (Europe/Kaliningrad) at which its daily run becomes due.
DAILY_JOBS = {
    "fetch_rates": "16:30",
    "convert": "16:45",
    "simulate_risk": "04:30",
    "flag_delays": "05:00",
    # Makes what is missing of last month: in the first night of a month all of it, in the others nothing.
    "archive_reports": "05:30",
    "read_bounces": "06:30",
}
# How long a worker may hold a run before another may take it over, and how often a run is tried.
JOB_LEASE_SECONDS = 960
JOB_MAX_ATTEMPTS = 3

BANK_OF_RUSSIA_URL: str = env.str("BANK_OF_RUSSIA_URL", default="https://www.cbr.ru")
BANK_OF_RUSSIA_DEADLINE_SECONDS: float = env.float("BANK_OF_RUSSIA_DEADLINE_SECONDS", default=20.0)
