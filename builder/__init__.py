"""Turn specs into forms, processes, reports and pages, on the federated platform below.

`builder.app` puts the parts together; `builder.cases` holds what web, command line and worker do.
"""

__version__ = "0.1.0"
