{#
  All checks of a model that have one severity, in one query: what dbt does around a test costs far more than its SQL.

  `checks` is a list of {kind: {name, …}}; macros/check_kinds.sql has the kinds. The query returns a row for each row
  that a check found: `check_name`, and `failing_row`, the columns that identify the row, as text. The hub shows both
  (freshbooks_hub/sync/dbt_findings.py).
#}
{% test checks(model, checks) %}
{%- set key = checks_key(checks) %}
{%- for check in checks %}
{%- set kind = check.keys() | first %}
{%- set given = check[kind] %}
{{ 'union all' if not loop.first }}
{%- if kind == 'unique_combination_of_columns' %}
{{ rows_of_unique_combination(model, given) }}
{%- elif kind == 'accepted_values' %}
{{ rows_of_accepted_values(model, given) }}
{%- elif kind == 'relationships' %}
{{ rows_of_relationships(model, given, key) }}
{%- elif kind == 'expression_is_true' %}
{{ rows_of_expression_is_true(model, given, key) }}
{%- elif kind == 'equal_totals' %}
{{ rows_of_equal_totals(model, given) }}
{%- elif kind == 'no_rows_lost' %}
{{ rows_of_no_rows_lost(model, given) }}
{%- elif kind == 'no_total_crosses_currencies' %}
{{ rows_of_no_total_crosses_currencies(model, given, key) }}
{%- elif kind == 'streams_are_readable' %}
{{ rows_of_streams_are_readable() }}
{%- elif kind == 'staging_keys_are_unique' %}
{{ rows_of_staging_keys_are_unique() }}
{%- else %}
{{ exceptions.raise_compiler_error('There is no check ' ~ kind ~ '.') }}
{%- endif %}
{%- endfor %}
{% endtest %}
