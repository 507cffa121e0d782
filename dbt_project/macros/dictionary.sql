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

{#
  What a column of a mart counts, from its YAML; none for what is no quantity. Money is known by its type, which
  nothing else has, so no name of a column escapes.
#}
{% macro unit_of(column) -%}
    {%- set name = column.name -%}
    {%- set is_money = column.data_type == 'decimal(18,3)' -%}
    {{ return(
        'money per hour' if is_money and name.endswith('_rate') else 'money' if is_money
        else 'hours' if name == 'hours' or name.endswith('_hours')
        else 'percent' if name.endswith('_percent') else 'days' if name.startswith('days_') or name.endswith('_days')
        else 'seconds' if name.endswith('_seconds') else 'rows' if name.endswith('_count') else none
    ) }}
{%- endmacro %}

{# The column of the mart `node` that names the currency of `column`, by its unit; none for what is no money. #}
{% macro currency_column_of(column, unit, node) -%}
    {%- set currency = 'reporting_currency_code' if column.name.endswith('_reporting_amount') else 'currency_code' -%}
    {%- set is_money = (unit or '').startswith('money') -%}
    {#- The rates of services and people have no currency of their own. -#}
    {{ return(currency if is_money and currency in node.columns else none) }}
{%- endmacro %}

{# One dict per column of every mart, from the dbt graph: what its YAML says. Empty while parsing. #}
{% macro mart_columns() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') -%}
            {%- if node.package_name == 'freshbooks' and node.fqn[1] == 'marts' -%}
                {%- for column in node.columns.values() -%}
                    {%- set name = column.name -%}
                    {%- set unit = unit_of(column) -%}
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
                        'unit': unit,
                        'currency_column': currency_column_of(column, unit, node),
                        'time_zone': 'UTC' if name.endswith('_at') else 'wall clock of the person'
                            if name.endswith('entry_date') or (name == 'week_start_date' and node.name == 'hours')
                            else 'business calendar' if name.endswith('_date') else none,
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
