"""One FreshBooks connection (FRESHBOOKS_HOME) as Dagster assets: raw streams by entity, and the dbt models."""
