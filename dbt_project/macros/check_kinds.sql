{# The kinds of checks that the data test `checks` knows (tests/generic/checks.sql), and what they share. #}

{# The columns that identify a row of the model. #}
{% macro checks_key(checks) -%}
    {%- for check in checks if check.unique_combination_of_columns -%}
        {{ return(check.unique_combination_of_columns.columns) }}
    {%- endfor -%}
    {{ return([]) }}
{%- endmacro %}

{# The columns of the result. The account follows from the business, so it is not shown beside it. #}
{% macro found_row(name, columns) -%}
    '{{ name }}' as check_name,
    {% for column in columns | unique if column != 'account_id' or 'business_id' not in columns -%}
    {{ "|| ', ' || " if not loop.first }}'{{ column }}=' || coalesce({{ as_text(column) }}, 'null')
    {% endfor -%}
    as failing_row
{%- endmacro %}


{# The columns together identify a row; none of them is null but those in `nullable`. #}
{% macro rows_of_unique_combination(model, given) %}
{%- set nullable = given.get('nullable', []) -%}
select {{ found_row(given.name, given.columns + ['row_count']) }}
from (
    select
        {{ given.columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    group by {{ given.columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in given.columns if column not in nullable %}
        or {{ column }} is null
        {%- endfor %}
) as keys
{% endmacro %}


{# Columns hold only the listed values, or null: `values` maps a column to its values. #}
{% macro rows_of_accepted_values(model, given) %}
{%- for column, accepted in given['values'].items() %}
{{ 'union all' if not loop.first }}
select {{ found_row(given.name, [column, 'row_count']) }}
from (
    select
        {{ column }},
        count(*) as row_count
    from {{ model }}
    where {{ column }} not in ({% for value in accepted %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
    group by {{ column }}
) as unexpected
{%- endfor %}
{% endmacro %}


{#
  Every reference is found: `keys` is a list of {columns, to, to_columns, stream}; to_columns as columns when left out.
  A reference with a null in it refers to nothing and passes, and so does one to rows of a `stream` that is not available
  in the business.
#}
{% macro rows_of_relationships(model, given, key) %}
{%- for reference in given['keys'] %}
{{ 'union all' if not loop.first }}
select {{ found_row(given.name, key + reference.columns) }}
from {{ model }} as child
where
    {%- for column in reference.columns %}
    child.{{ column }} is not null and
    {%- endfor %}
    {%- if reference.stream %}
    child.business_id in (
        select availability.business_id
        from ({{ availability([reference.stream]) }}) as availability
        where availability.has_{{ reference.stream }}
    ) and
    {%- endif %}
    not exists (
        select 1
        from {{ reference.to }} as parent
        where {% for column in reference.columns %}{{ 'and ' if not loop.first }}child.{{ column }} = parent.{{ reference.get('to_columns', reference.columns)[loop.index0] }} {% endfor %}
    )
{%- endfor %}
{% endmacro %}


{# Every row satisfies the expression; a null counts as a failure. `columns` identify a row of a model without a key. #}
{% macro rows_of_expression_is_true(model, given, key) %}
select {{ found_row(given.name, given.get('columns', key)) }}
from {{ model }}
where not coalesce({{ given.expression }}, false)
{% endmacro %}


{#
  Per group, the total of an expression equals that over another relation. The group holds the currency, so this also
  proves that no total crosses currencies and that no row was lost or doubled.
#}
{% macro rows_of_equal_totals(model, given) %}
select {{ found_row(given.name, given.group_by + ['total', 'expected_total']) }}
from (
    select
        {%- for column in given.group_by %}
        coalesce(ours.{{ column }}, theirs.{{ column }}) as {{ column }},
        {%- endfor %}
        ours.total as total,
        theirs.total as expected_total
    from (
        select
            {{ given.group_by | join(', ') }},
            sum({{ given.expression }}) as total
        from {{ model }}
        group by {{ given.group_by | join(', ') }}
    ) as ours
    full outer join (
        select
            {{ given.group_by | join(', ') }},
            sum({{ given.to_expression }}) as total
        from {{ given.to }}
        where {{ given.get('to_where', 'true') }}
        group by {{ given.group_by | join(', ') }}
    ) as theirs
        on {% for column in given.group_by %}{{ 'and ' if not loop.first }}ours.{{ column }} = theirs.{{ column }} {% endfor %}
    where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
) as unequal
{% endmacro %}


{# Every combination of the columns in the relation `of` is found in the model. #}
{% macro rows_of_no_rows_lost(model, given) %}
select {{ found_row(given.name, given.columns) }}
from (
    select {{ given.columns | join(', ') }}
    from {{ given.of }}
    where {{ given.get('of_where', 'true') }}
    {{ dbt.except() }}
    select {{ given.columns | join(', ') }}
    from {{ model }}
) as lost
{% endmacro %}


{#
  Every amount of a row has one currency. Columns are read from the mart's own YAML: what fb_dictionary calls money
  stands beside `currency_code` (`_reporting_amount` beside `reporting_currency_code`), a mart without a document
  in its key has the currency in its key, and no row has an amount without a three-letter currency.
#}
{% macro rows_of_no_total_crosses_currencies(model, given, key) %}
{%- set node = namespace(found=none) -%}
{%- if execute -%}
    {%- for candidate in graph.nodes.values()
        if candidate.package_name == 'freshbooks' and candidate.resource_type == 'model' -%}
        {%- if candidate.name == model.identifier -%} {%- set node.found = candidate -%} {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{%- set amounts = [] -%}
{%- if node.found -%}
    {%- set columns = node.found.columns.keys() | list -%}
    {%- set grain = node.found.config.meta.get('grain', '').split(', ') -%}
    {%- for column in node.found.columns.values() if unit_of(column) == 'money' -%}
        {%- do amounts.append([column.name, currency_column_of(column, 'money', node.found)]) -%}
    {%- endfor -%}
    {%- set is_document = grain | select('in', [
        'invoice_id', 'payment_id', 'credit_id', 'expense_id', 'estimate_id', 'bill_id', 'bill_payment_id',
        'income_id', 'item_id', 'posting_id', 'identity_id', 'invoice_profile_id',
    ]) | list -%}
    {%- if not amounts or 'currency_code' not in columns -%}
        {{ exceptions.raise_compiler_error(node.found.name ~ ' needs amounts, and currency_code beside them.') }}
    {%- endif -%}
    {%- if 'currency_code' not in grain and not is_document -%}
        {{ exceptions.raise_compiler_error(node.found.name ~ ' adds up amounts without currency_code in its key.') }}
    {%- endif -%}
{%- endif -%}
select {{ found_row(given.name, key + (amounts | map('last') | list)) }}
from {{ model }}
where
    false
    {%- for name, currency in amounts %}
    or ({{ name }} is not null and (
        {{ currency }} is null or length({{ currency }}) <> 3 or {{ currency }} <> upper({{ currency }})
    ))
    {%- endfor %}
{% endmacro %}


{#
  A check `<stream>_is_readable` for each stream. It fails when the API has changed, not for an odd row: more than 5 %
  of the rows, and at least 20 of them, are rejected. Fewer are set aside and listed in fb_rejected_rows. Where a build is
  for many tenants (held_businesses), each business counts for itself.
#}
{% macro rows_of_streams_are_readable() %}
{%- set by = [] if held_businesses() is none else ['business_id'] -%}
{%- for stream in (stream_facts().keys() | list) + ['stream_availability'] %}
{{ 'union all' if not loop.first }}
select {{ found_row(stream ~ '_is_readable', by + ['row_count', 'rejected_row_count', 'example']) }}
from (
    select
        {%- for column in by %}
        {{ column }},
        {%- endfor %}
        count(*) as row_count,
        count(rejected_values) as rejected_row_count,
        min(rejected_values) as example
    from {{ ref('stg_freshbooks__' ~ stream) }}
    {{ 'group by business_id' if by }}
) as rejected
where rejected.rejected_row_count >= 20 and rejected.rejected_row_count * 20 > rejected.row_count
{%- endfor %}
{% endmacro %}


{# A check `stg_<stream>_key_is_unique` for each staging model, over the rows that are counted. #}
{% macro rows_of_staging_keys_are_unique() %}
{%- for stream, columns in staging_keys().items() %}
{{ 'union all' if not loop.first }}
{{ rows_of_unique_combination(
    '(select * from ' ~ ref('stg_freshbooks__' ~ stream) ~ ' where rejected_values is null) as counted',
    {'name': 'stg_' ~ stream ~ '_key_is_unique', 'columns': columns},
) }}
{%- endfor %}
{% endmacro %}
