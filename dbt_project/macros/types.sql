{# Text to a decimal, null when it is not a number (Postgres has no try_cast). Empty text is null. #}
{% macro try_decimal(text, precision=18, scale=6) -%}
    {{ return(adapter.dispatch('try_decimal', 'freshbooks')(text, precision, scale)) }}
{%- endmacro %}

{% macro default__try_decimal(text, precision, scale) -%}
    try_cast({{ text }} as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{# An exact number of any size first: a cast to a smaller one fails on what it cannot hold. #}
{% macro postgres__try_decimal(text, precision, scale) -%}
    case
        when {{ text }} ~ '^\s*[-+]?([0-9]{1,99}\.?[0-9]{0,99}|\.[0-9]{1,99})([eE][-+]?[0-9]{1,2})?\s*$'
            then case
                when abs(round(cast({{ text }} as numeric), {{ scale }})) < 1e{{ precision - scale }}
                    then cast({{ text }} as decimal({{ precision }}, {{ scale }}))
            end
    end
{%- endmacro %}

{% macro snowflake__try_decimal(text, precision, scale) -%}
    try_to_decimal({{ text }}, {{ precision }}, {{ scale }})
{%- endmacro %}

{% macro bigquery__try_decimal(text, precision, scale) -%}
    case
        when abs(round(safe_cast({{ text }} as bignumeric), {{ scale }})) < 1e{{ [precision - scale, 29] | min }}
            then cast(round(safe_cast({{ text }} as bignumeric), {{ scale }}) as numeric)
    end
{%- endmacro %}


{# A decimal type to cast to. BigQuery takes no parameters in a cast; there the contract's column rounds. #}
{% macro decimal(precision, scale) -%}
    {{ return('numeric' if target.type == 'bigquery' else 'decimal(' ~ precision ~ ', ' ~ scale ~ ')') }}
{%- endmacro %}


{# A rate (money per hour) or a percent from text, decimal(18,6); null when no rate or percent is so large. #}
{% macro bounded_decimal(text, kind) -%}
    {%- set number = try_decimal(text) -%}
    case when abs({{ number }}) <= {{ {'rate': 999999999, 'percent': 1000}[kind] }} then {{ number }} end
{%- endmacro %}


{# Any value as text: dbt.type_string() without its two macros, as this is called some 2,000 times a build. #}
{% macro as_text(expression) -%}
    cast({{ expression }} as {{ api.Column.translate_type('string') }})
{%- endmacro %}


{# A raw column to a portable type; null when it cannot be read, where the engine has such a cast. #}
{% macro try_type(column, type) -%}
    {{ return(adapter.dispatch('try_type', 'freshbooks')(column, type)) }}
{%- endmacro %}

{% macro default__try_type(column, type) -%}
    try_cast({{ column }} as {{ {'string': api.Column.translate_type('string'), 'json': api.Column.translate_type('string')}.get(type, type) }})
{%- endmacro %}

{% macro duckdb__try_type(column, type) -%}
    try_cast({{ column }} as {{ {'string': 'varchar'}.get(type, type) }})
{%- endmacro %}

{# Airbyte writes instants as timestamp with time zone on Postgres; models hold UTC without a zone. #}
{% macro postgres__try_type(column, type) -%}
    {%- if type == 'timestamp' -%}
        (cast({{ column }} as timestamp with time zone) at time zone 'UTC')
    {%- else -%}
        cast({{ column }} as {{ {'string': 'text', 'json': 'jsonb'}.get(type, type) }})
    {%- endif -%}
{%- endmacro %}

{# Snowflake's try_cast takes text only; its raw columns are typed already, instants with a zone. #}
{% macro snowflake__try_type(column, type) -%}
    {%- if type == 'timestamp' -%}
        cast(convert_timezone('UTC', {{ column }}) as timestamp_ntz)
    {%- else -%}
        cast({{ column }} as {{ {'string': 'varchar', 'json': 'variant'}.get(type, type) }})
    {%- endif -%}
{%- endmacro %}

{# BigQuery casts nothing to JSON; its raw columns of JSON are JSON already. #}
{% macro bigquery__try_type(column, type) -%}
    {%- if type == 'json' -%}
        {{ column }}
    {%- else -%}
        safe_cast({{ column }} as {{ {'bigint': 'int64', 'boolean': 'bool'}.get(type, type) }})
    {%- endif -%}
{%- endmacro %}
