"""The FreshBooks connections of a home (FRESHBOOKS_HOME) as partitions: raw streams by group, and the dbt models."""
