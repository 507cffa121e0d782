{#
  What is wrong with a row, as text: one line per value, `<column> <why> <value>`; the value is cut at 200 characters.
  An entry here is [column, condition, why, value]: why is a code, or a SQL expression that starts with `case`.
#}
{% macro row_conditions(entries) -%}
    {%- for entry in entries %}{{ ' or ' if not loop.first }}({{ entry[1] }}){% endfor -%}
    {%- if not entries %}false{% endif -%}
{%- endmacro %}

{# One line of text for each of the entries whose condition is true: column, why, and the value. #}
{% macro row_entries(entries) -%}
    {{ 'trim(trailing chr(10) from ' if target.type in ('spark', 'databricks') else 'rtrim(' -}}
    {%- for column, condition, why, value in entries -%}
        {{ ' || ' if not loop.first }}case when {{ condition }} then '{{ column }} ' || {{ why if why.startswith('case') else "'" ~ why ~ "'" }} || ' ' || {{ listed_text(value) }} else '' end
    {%- endfor -%}
    {%- if not entries %}''{% endif -%}
    {{ ')' if target.type in ('spark', 'databricks') else ', chr(10))' }}
{%- endmacro %}

{# A value as the rest of a line. #}
{% macro listed_text(value) -%}
    replace(coalesce(substring({{ value }}, 1, 200), ''), chr(10), ' ') || chr(10)
{%- endmacro %}

{# The n-th line of such a text, from 1; empty when there is none. #}
{% macro nth_line(text, number) -%}
    {{ 'coalesce(split(' ~ text ~ ', chr(10))[safe_offset(' ~ number ~ " - 1)], '')" if target.type == 'bigquery'
        else 'split_part(' ~ text ~ ', chr(10), cast(' ~ number ~ ' as integer))' }}
{%- endmacro %}

{# The n-th word of a line, of the first two. #}
{% macro nth_word(line, number) -%}
    {{ 'split(' ~ line ~ ", ' ')[safe_offset(" ~ (number - 1) ~ ')]' if target.type == 'bigquery'
        else 'split_part(' ~ line ~ ", ' ', " ~ number ~ ')' }}
{%- endmacro %}

{# Words as a list for `in`. #}
{% macro sql_list(words) -%}
    ({% for word in words %}'{{ word }}'{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
