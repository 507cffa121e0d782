{# active, archived or deleted, in words, from the connector's two flags. #}
{% macro record_status(is_deleted, is_archived) -%}
    case when {{ is_deleted }} then 'deleted' when {{ is_archived }} then 'archived' else 'active' end
{%- endmacro %}
