{#
  The metrics of the semantic layer (models/semantic) as SQL over the marts: one list for MetricFlow and for fb_metrics.

  A metric whose name ends with `_input` is a part of others and not listed. A metric of money is
  `case when currencies = 1 then … end`: null, not a sum, over rows of two currencies. Grouped by currency_code, as its
  SQL here is, it needs no such guard.
#}

{# Aggregates as SQL, as far as models/semantic uses them. #}
{% macro aggregate(agg, expression) -%}
    {{ return({
        'sum': 'sum(' ~ expression ~ ')', 'average': 'avg(' ~ expression ~ ')', 'max': 'max(' ~ expression ~ ')',
        'count': 'count(' ~ expression ~ ')', 'count_distinct': 'count(distinct ' ~ expression ~ ')',
    }[agg]) }}
{%- endmacro %}

{# Measure name to its `mart`, its `sql`, the columns to group by, and the one that it must not be added up over. #}
{% macro measures() -%}
    {%- set found = {} -%}
    {%- for model in graph.semantic_models.values() if model.package_name == 'freshbooks' -%}
        {%- set columns = (model.entities + model.dimensions) | map(attribute='name') | reject('equalto', 'currency_code') | list -%}
        {%- for measure in model.measures -%}
            {%- do found.update({measure.name: {
                'mart': model.name,
                'sql': aggregate(measure.agg, measure.expr or measure.name),
                'groupings': columns,
                'not_over': [measure.non_additive_dimension.name] if measure.non_additive_dimension else [],
            }}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The condition of a metric, in columns of its mart; empty when there is none. #}
{% macro metric_filter(metric) -%}
    {%- set texts = [] -%}
    {%- for condition in (metric.filter or {}).get('where_filters', []) -%}
        {%- do texts.append(modules.re.sub("\\{\\{ Dimension\\('\\w+?__(\\w+)'\\) \\}\\}", '\\1', condition.where_sql_template)) -%}
    {%- endfor -%}
    {{ return(texts | join(' and ')) }}
{%- endmacro %}

{# One dict per metric, from the dbt graph; empty while parsing. #}
{% macro metric_rows() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- set measures = measures() -%}
        {%- for metric in graph.metrics.values() | sort(attribute='name') -%}
            {%- if metric.package_name == 'freshbooks' and not metric.name.endswith('_input') -%}
                {%- set guarded = modules.re.match('^case when currencies = 1 then (.*) end$', metric.type_params.expr or '') -%}
                {%- set parts = {} -%}
                {%- if metric.type == 'simple' -%}
                    {%- do parts.update({'figure': measures[metric.type_params.measure.name]}) -%}
                {%- else -%}
                    {%- for input in metric.type_params.metrics if input.alias != 'currencies' -%}
                        {%- do parts.update({input.alias: measures[input.name]}) -%}
                    {%- endfor -%}
                {%- endif -%}
                {%- set expression = guarded.group(1) if guarded else metric.type_params.expr or 'figure' -%}
                {#- In two steps, so that the SQL of one part is not searched for the name of another. -#}
                {%- set sql = namespace(text=expression) -%}
                {%- for name in parts -%}
                    {%- set sql.text = modules.re.sub('\\b' ~ name ~ '\\b', '@' ~ loop.index ~ '@', sql.text) -%}
                {%- endfor -%}
                {%- for part in parts.values() -%}
                    {%- set sql.text = sql.text | replace('@' ~ loop.index ~ '@', part.sql) -%}
                {%- endfor -%}
                {%- set part = parts.values() | list | first -%}
                {%- do rows.append({
                    'name': metric.name,
                    'definition': metric.description,
                    'mart': part.mart,
                    'expression': sql.text,
                    'filter': metric_filter(metric),
                    'groupings': part.groupings | join(', '),
                    'time': metric.config.meta.time,
                    'synonyms': metric.config.meta.synonyms | join(', '),
                    'is_money': 'true' if guarded else 'false',
                    'required': ((['currency_code'] if guarded else []) + part.not_over) | join(', '),
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}
