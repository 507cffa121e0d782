{#
  JSON per engine: text and parts at a path, number of elements, elements as rows.
  Columns are JSON on DuckDB and BigQuery, jsonb on Postgres, variant on Snowflake, text on Spark.
#}

{# Text at a dotted path, null when there is none: json_text('amount', 'code'). #}
{% macro json_text(column, path) -%}
    {{ return(adapter.dispatch('json_text', 'freshbooks')(column, path)) }}
{%- endmacro %}

{% macro duckdb__json_text(column, path) -%}
    json_extract_string({{ column }}, '$.{{ path }}')
{%- endmacro %}

{% macro postgres__json_text(column, path) -%}
    (cast({{ column }} as jsonb) #>> '{ {{- path | replace('.', ',') -}} }')
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, '$.{{ path }}')
{%- endmacro %}

{% macro snowflake__json_text(column, path) -%}
    cast(get_path({{ column }}, '{{ path }}') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
    json_value({{ column }}, '$.{{ path }}')
{%- endmacro %}


{# Text of the amount under a key that is no plain word, such as 0-30. #}
{% macro json_bucket(column, key) -%}
    {{ return(adapter.dispatch('json_bucket', 'freshbooks')(column, key)) }}
{%- endmacro %}

{% macro default__json_bucket(column, key) -%}
    json_extract_string({{ column }}, '$."{{ key }}".amount')
{%- endmacro %}

{% macro postgres__json_bucket(column, key) -%}
    (cast({{ column }} as jsonb) #>> '{"{{ key }}",amount}')
{%- endmacro %}

{% macro spark__json_bucket(column, key) -%}
    get_json_object({{ column }}, "$['{{ key }}'].amount")
{%- endmacro %}

{% macro snowflake__json_bucket(column, key) -%}
    cast(get_path({{ column }}, '["{{ key }}"].amount') as varchar)
{%- endmacro %}

{% macro bigquery__json_bucket(column, key) -%}
    json_value({{ column }}, '$."{{ key }}".amount')
{%- endmacro %}


{# A part of a document as JSON, null when there is none. #}
{% macro json_part(column, path) -%}
    {{ return(adapter.dispatch('json_part', 'freshbooks')(column, path)) }}
{%- endmacro %}

{% macro duckdb__json_part(column, path) -%}
    json_extract({{ column }}, '$.{{ path }}')
{%- endmacro %}

{% macro postgres__json_part(column, path) -%}
    (cast({{ column }} as jsonb) #> '{ {{- path | replace('.', ',') -}} }')
{%- endmacro %}

{% macro spark__json_part(column, path) -%}
    get_json_object({{ column }}, '$.{{ path }}')
{%- endmacro %}

{% macro snowflake__json_part(column, path) -%}
    get_path({{ column }}, '{{ path }}')
{%- endmacro %}

{% macro bigquery__json_part(column, path) -%}
    json_query({{ column }}, '$.{{ path }}')
{%- endmacro %}


{# Number of elements; null when the value is not an array. #}
{% macro json_array_length(column) -%}
    {{ return(adapter.dispatch('json_array_length', 'freshbooks')(column)) }}
{%- endmacro %}

{% macro duckdb__json_array_length(column) -%}
    case when json_type({{ column }}) = 'ARRAY' then json_array_length({{ column }}) end
{%- endmacro %}

{% macro postgres__json_array_length(column) -%}
    case
        when jsonb_typeof(cast({{ column }} as jsonb)) = 'array'
            then jsonb_array_length(cast({{ column }} as jsonb))
    end
{%- endmacro %}

{% macro spark__json_array_length(column) -%}
    json_array_length({{ column }})
{%- endmacro %}

{% macro snowflake__json_array_length(column) -%}
    array_size(as_array({{ column }}))
{%- endmacro %}

{% macro bigquery__json_array_length(column) -%}
    array_length(json_query_array({{ column }}))
{%- endmacro %}


{#
  A select with one row per element of an array column: the `keep` columns, `element` (JSON) and
  `element_number` (from 1). Rows without an array give no row.
#}
{% macro json_elements(relation, column, keep) -%}
    {{ return(adapter.dispatch('json_elements', 'freshbooks')(relation, column, keep)) }}
{%- endmacro %}

{# Unnested in the select: a lateral join would hold all elements at once. #}
{% macro duckdb__json_elements(relation, column, keep) %}
select
    {{ keep | join(',\n    ') }},
    unnest(elements) as element,
    generate_subscripts(elements, 1) as element_number
from (
    select
        {{ keep | join(',\n        ') }},
        cast(case when json_type({{ column }}) = 'ARRAY' then {{ column }} end as json[]) as elements
    from {{ relation }}
) as documents
{% endmacro %}

{% macro postgres__json_elements(relation, column, keep) %}
select
    {{ keep | join(',\n    ') }},
    elements.element,
    elements.element_number
from {{ relation }}
cross join lateral jsonb_array_elements(
    case
        when jsonb_typeof(cast({{ column }} as jsonb)) = 'array' then cast({{ column }} as jsonb)
        else cast('[]' as jsonb)
    end
) with ordinality as elements (element, element_number)
{% endmacro %}

{% macro spark__json_elements(relation, column, keep) %}
select
    {{ keep | join(',\n    ') }},
    element,
    cast(element_position + 1 as bigint) as element_number
from {{ relation }}
lateral view posexplode(from_json({{ column }}, 'array<string>')) elements as element_position, element
{% endmacro %}

{% macro snowflake__json_elements(relation, column, keep) %}
select
    {{ keep | join(',\n    ') }},
    elements.value as element,
    elements.index + 1 as element_number
from {{ relation }},
    lateral flatten(input => as_array({{ column }})) as elements
{% endmacro %}

{% macro bigquery__json_elements(relation, column, keep) %}
select
    {{ keep | join(',\n    ') }},
    element,
    element_position + 1 as element_number
from {{ relation }},
    unnest(json_query_array({{ column }})) as element with offset as element_position
{% endmacro %}


{# A raw column of JSON as its text. #}
{% macro json_as_text(column) -%}
    {{ 'to_json_string(' ~ column ~ ')' if target.type == 'bigquery' else try_type(column, 'string') }}
{%- endmacro %}
