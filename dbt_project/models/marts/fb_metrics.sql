{# Every money metric is grouped by currency_code: there is no total over currencies. #}
with

constant as (
    select
        1 as one,
        {{ json_constant(metric_rows()) }} as metrics
),

elements as (
    {{ json_elements('constant', 'metrics', ['one']) }}
),

metrics as (
    select
        {{ json_text('element', 'name') }} as metric_name,
        {{ json_text('element', 'definition') }} as metric_definition,
        {{ json_text('element', 'mart') }} as mart_name,
        {{ json_text('element', 'expression') }} as sql_expression,
        {{ json_text('element', 'filter') }} as filter_expression,
        {{ json_text('element', 'groupings') }} as allowed_groupings,
        {{ json_text('element', 'time') }} as time_meaning,
        {{ json_text('element', 'synonyms') }} as synonyms,
        {{ json_text('element', 'is_money') }} = 'true' as is_currency_required,
        {{ json_text('element', 'required') }} as required_groupings
    from elements
)

select
    metric_name,
    metric_definition,
    mart_name,
    sql_expression,
    nullif(filter_expression, '') as filter_expression,
    nullif(required_groupings, '') as required_groupings,
    allowed_groupings,
    time_meaning,
    synonyms,
    is_currency_required,
    'select '
    || case when required_groupings <> '' then required_groupings || ', ' else '' end
    || sql_expression || ' as ' || metric_name || ' from ' || mart_name
    || case when filter_expression <> '' then ' where ' || filter_expression else '' end
    || case when required_groupings <> '' then ' group by ' || required_groupings else '' end as example_sql
from metrics
