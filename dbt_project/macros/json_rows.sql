{#
  A select with one row per element of an array column, with texts of the element as columns: the `keep` columns,
  `element_number` (from 1), and for each of `fields` (name: dotted path) a text, null when there is none. For large
  tables: json_elements and json_text say the same, but read an element once for each of its texts on DuckDB.
#}
{% macro json_rows(relation, column, keep, fields) -%}
    {{ return(adapter.dispatch('json_rows', 'freshbooks')(relation, column, keep, fields)) }}
{%- endmacro %}

{% macro default__json_rows(relation, column, keep, fields) %}
select
    {{ keep | join(',\n    ') }},
    element_number,
    {%- for name, path in fields.items() %}
    {{ json_text('element', path) }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from ({{ json_elements(relation, column, keep) }}) as elements
{% endmacro %}

{% macro duckdb__json_rows(relation, column, keep, fields) %}
{%- set shape = {} -%}
{%- for path in fields.values() -%}
    {%- set parts = path.split('.') -%}
    {%- if parts | length == 1 -%} {%- do shape.update({path: 'VARCHAR'}) -%}
    {%- else -%} {%- do shape.setdefault(parts[0], {}).update({parts[1]: 'VARCHAR'}) -%}
    {%- endif -%}
{%- endfor %}
select
    {{ keep | join(',\n    ') }},
    element_number,
    {%- for name, path in fields.items() %}
    element."{{ path | replace('.', '"."') }}" as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select
        {{ keep | join(',\n        ') }},
        unnest(elements) as element,
        generate_subscripts(elements, 1) as element_number
    from (
        select
            {{ keep | join(',\n            ') }},
            from_json({{ column }}, '[{{ tojson(shape) }}]') as elements
        from {{ relation }}
    ) as documents
) as elements
{% endmacro %}
