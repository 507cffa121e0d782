"""Free SQL on the published marts for agents: checked on DuckDB's parse tree, run in a process with a deadline.

Three barriers: `guard` refuses everything but plain queries on the marts; DuckDB is opened read-only without files,
network, extensions or settings; the process may write nothing and is killed when late. `mixing` is not a barrier:
it keeps honest sums right.
"""

from freshbooks_hub.agent.sql.client import Column, Limits, QueryRefused, QueryResult, run_query

__all__ = ["Column", "Limits", "QueryRefused", "QueryResult", "run_query"]
