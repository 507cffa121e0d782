{#
  Published marts land in `marts`, as written, not in `<target schema>_marts`. Elsewhere the rule is that of the project
  that is run, or dbt's own; dbt asks a package for the names of its models.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set theirs = context.get(project_name, {}).get('generate_schema_name') if project_name != 'freshbooks' -%}
    {%- if var('freshbooks_publish', false) -%} {{ custom_schema_name | trim if custom_schema_name else target.schema }}
    {%- elif theirs -%} {{ theirs(custom_schema_name, node) }}
    {%- else -%} {{ default__generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}
