"""Free SQL on the published marts for agents: checked on DuckDB's parse tree, run in a process that is killed.

Three walls: `guard` refuses what is not a plain question to the marts; DuckDB is opened read-only without files,
network, extensions or settings; the process may write nothing and has a deadline. `mixing` is no wall, it keeps
honest sums right.
"""

from freshbooks_hub.agent.sql.client import Column, Limits, QueryRefused, QueryResult, run_query

__all__ = ["Column", "Limits", "QueryRefused", "QueryResult", "run_query"]
