with

constant as (
    select
        1 as one,
        {{ json_constant(mart_columns()) }} as mart_columns
),

elements as (
    {{ json_elements('constant', 'mart_columns', ['one']) }}
)

select
    {{ json_text('element', 'mart') }} as mart_name,
    cast({{ try_decimal(json_text('element', 'column_number'), 18, 0) }} as bigint) as column_number,
    {{ json_text('element', 'column') }} as column_name,
    {{ json_text('element', 'type') }} as data_type,
    {{ json_text('element', 'description') }} as description,
    {{ json_text('element', 'unit') }} as unit,
    {{ json_text('element', 'currency_column') }} as currency_column,
    {{ json_text('element', 'time_zone') }} as time_zone,
    {{ json_text('element', 'is_key') }} = 'true' as is_key,
    {{ json_text('element', 'is_pii') }} = 'true' as is_pii,
    {{ json_text('element', 'grain') }} as grain,
    {{ json_text('element', 'mart_description') }} as mart_description,
    {{ json_text('element', 'example_question') }} as example_question,
    {{ json_text('element', 'example_sql') }} as example_sql
from elements
