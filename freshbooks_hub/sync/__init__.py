"""One sync: extract (the source as a subprocess), load (DuckDB), transform (dbt), publish."""
