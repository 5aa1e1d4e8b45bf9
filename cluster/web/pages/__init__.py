"""Staff pages: one file per concept; each asks a query or a service and hands the answer to a template."""
