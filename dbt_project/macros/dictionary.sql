{# A JSON array as a constant in SQL, to be read with json_elements. #}
{% macro json_constant(rows) -%}
    {%- set text = tojson(rows) -%}
    {#- Where a backslash escapes inside quotes, it is doubled. -#}
    {%- if target.type in ('spark', 'databricks', 'bigquery', 'snowflake') -%}
        {%- set text = text | replace('\\', '\\\\') -%}
    {%- endif -%}
    {%- set text = text | replace("'", "\\'" if target.type == 'bigquery' else "''") -%}
    {{ "parse_json('" ~ text ~ "')" if target.type in ('snowflake', 'bigquery') else "cast('" ~ text ~ "' as " ~ json_type() ~ ")" }}
{%- endmacro %}

{# One dict per column of every mart, from the dbt graph: what its YAML says. Empty while parsing. #}
{% macro mart_columns() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') -%}
            {%- if node.fqn[1] == 'marts' -%}
                {%- for column in node.columns.values() -%}
                    {%- set name = column.name -%}
                    {%- set money = name.endswith('_amount') -%}
                    {%- set currency = 'reporting_currency_code' if name.endswith('_reporting_amount') else 'currency_code' -%}
                    {%- set questions = node.config.meta.get('questions', []) -%}
                    {%- set example = questions[loop.index0] if loop.index0 < questions | length else {} -%}
                    {%- set meta = column.config.meta if column.config.meta else column.meta -%}
                    {%- do found.append({
                        'mart': node.name,
                        'column_number': loop.index,
                        'column': name,
                        'type': column.data_type,
                        'description': column.description,
                        'mart_description': node.description,
                        'grain': node.config.meta.get('grain', ''),
                        'is_key': name in node.config.meta.get('grain', '').split(', '),
                        'unit': 'money' if money else 'hours' if name == 'hours' or name.endswith('_hours')
                            else 'percent' if name.endswith('_percent') else 'days' if name.startswith('days_') or name.endswith('_days')
                            else 'seconds' if name.endswith('_seconds') else 'rows' if name.endswith('_count') else none,
                        'currency_column': currency if money else none,
                        'time_zone': 'UTC' if name.endswith('_at') else 'business calendar' if name.endswith('_date') else none,
                        'example_question': example.get('question'),
                        'example_sql': example.get('sql'),
                        'is_pii': meta.get('pii', false),
                    }) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
