"""One FreshBooks connection (FRESHBOOKS_HOME) as Dagster assets: raw streams by group, and the dbt models."""
