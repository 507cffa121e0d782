{# Whether the raw table of a stream exists, by the variable freshbooks_streams (no introspection); usable in SQL. #}
{% macro has_stream(stream) -%}
    {{ return(stream in var('freshbooks_streams')) }}
{%- endmacro %}

{#
  A select that reads one raw table with every column typed, or a typed empty relation when the stream is
  not there. `columns` maps raw column names, in the case of the API, to a kind; they come out in lower case:

    bigint, boolean, date, timestamp (UTC), json, json_array
    string    trimmed; empty text is null
    id        bigint; 0 means none in the API, so it is null (freshbooks-api.md 6.4)
    decimal   number in text, decimal(18,6)
    money     {"amount": "12.30", "code": "USD"}: `<column>` decimal(18,2) and `<column>_currency_code`

  Two columns of the loader come along (_airbyte_extracted_at, _airbyte_raw_id), and `unreadable_columns`:
  the names of columns whose value is there but cannot be read, or is missing though `required`. A test on
  every staging model fails on such rows, so that a broken row is shown and never vanishes as a null.
#}
{% macro raw_stream(stream, columns, required) %}
{%- set columns = dict(columns, _airbyte_extracted_at='timestamp', _airbyte_raw_id='string') -%}
{%- set exists = has_stream(stream) -%}
select
{%- for name, kind in columns.items() %}
    {%- if exists %}
    {{ raw_value(raw_column(name), kind) }} as {{ name | lower }},
    {%- if kind == 'money' %}
    upper({{ json_text(try_type(raw_column(name), 'json'), 'code') }}) as {{ name | lower }}_currency_code,
    {%- endif %}
    {%- else %}
    {{ raw_null(kind) }} as {{ name | lower }},
    {%- if kind == 'money' %}
    {{ raw_null('string') }} as {{ name | lower }}_currency_code,
    {%- endif %}
    {%- endif %}
{%- endfor %}
    {%- if exists %}
    {%- for name, kind in columns.items() %}
    {{ '|| ' if not loop.first }}case when {{ raw_is_unreadable(raw_column(name), kind, name in required) }} then '{{ name | lower }} ' else '' end
    {%- endfor %} as unreadable_columns
from {{ source('freshbooks', stream) }}
    {%- else %}
    {{ raw_null('string') }} as unreadable_columns
from (select 1 as one) as nothing
where one = 0
    {%- endif %}
{% endmacro %}

{# Airbyte's PostgreSQL destination keeps the case of the API's names; all others find them without. #}
{% macro raw_column(name) -%}
    {{ return('"' ~ name ~ '"' if target.type == 'postgres' and name != name | lower else name | lower) }}
{%- endmacro %}

{% macro raw_value(name, kind) -%}
    {%- if kind == 'money' -%} {{ money(json_text(try_type(name, 'json'), 'amount')) }}
    {%- elif kind == 'decimal' -%} {{ try_decimal(try_type(name, 'string')) }}
    {%- elif kind == 'string' -%} nullif(trim({{ try_type(name, 'string') }}), '')
    {%- elif kind == 'id' -%} nullif({{ try_type(name, 'bigint') }}, 0)
    {%- elif kind == 'json_array' -%} {{ try_type(name, 'json') }}
    {%- else -%} {{ try_type(name, kind) }}
    {%- endif -%}
{%- endmacro %}

{% macro raw_is_unreadable(name, kind, is_required) -%}
    {%- if is_required -%} {{ raw_value(name, kind) }} is null
    {%- elif kind in ('money', 'json', 'json_array') -%}
        {{ name }} is not null
        and {{ json_array_length(try_type(name, 'json')) if kind == 'json_array' else raw_value(name, kind) }} is null
        and {{ json_as_text(name) }} <> 'null'
    {%- elif kind == 'id' -%} {{ name }} is not null and {{ try_type(name, 'bigint') }} is null
    {%- elif kind == 'decimal' -%} {{ raw_value(name, kind) }} is null and trim({{ try_type(name, 'string') }}) <> ''
    {%- else -%} {{ name }} is not null and {{ try_type(name, kind) }} is null
    {%- endif -%}
{%- endmacro %}

{# For `unreadable_columns`: the name when the text is there but is no number, else an empty text. #}
{% macro name_if_not_a_number(name, text) -%}
    case when {{ try_decimal(text) }} is null and trim({{ text }}) <> '' then '{{ name }} ' else '' end
{%- endmacro %}

{# For `unreadable_columns`: the column's name when its text is there but starts with no day, else an empty text. #}
{% macro name_if_not_a_day(name) -%}
    case when {{ name }} is not null and {{ try_day(name) }} is null then '{{ name }} ' else '' end
{%- endmacro %}

{% macro raw_null(kind) -%}
    cast(null as {{ {
        'string': dbt.type_string(), 'id': 'bigint', 'decimal': decimal(18, 6), 'money': decimal(18, 2),
        'json': json_type(), 'json_array': json_type(),
    }.get(kind, kind) }})
{%- endmacro %}

{% macro json_type() -%}
    {{ return({'duckdb': 'json', 'postgres': 'jsonb', 'snowflake': 'variant', 'bigquery': 'json'}.get(
        target.type, dbt.type_string()
    )) }}
{%- endmacro %}


{#
  The newest version of each row. A row whose cursor is missing is kept, for the test on unreadable rows to
  find it.
#}
{% macro newest_version(relation, key, cursor) %}
select *
from (
    select
        *,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                case when {{ cursor }} is null then 0 else 1 end,
                {{ cursor }} desc,
                _airbyte_extracted_at desc,
                _airbyte_raw_id desc
        ) as version_number
    from {{ relation }}
) as versions
where version_number = 1
{% endmacro %}
