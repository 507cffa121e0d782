{# The start of a select of one level of a report's lines, from elements of `children`; see profit_and_loss. #}
{% macro report_line(level, path_before, number_before) %}
select
    account_id,
    business_id,
    currency_code,
    basis,
    start_date,
    end_date,
    section,
    {{ level }} as line_level,
    {{ number_before }} || {{ as_text('element_number') }} as line_code,
    {{ json_text('element', 'description') }} as line_name,
    {{ path_before }} || {{ json_text('element', 'description') }} as line_path,
    {{ json_text('element', 'entry_type') }} as entry_type,
    {{ json_text('element', 'total.code') }} as amount_code,
    {{ money(json_text('element', 'total.amount')) }} as amount,
    coalesce({{ json_array_length(json_part('element', 'children')) }}, 0) as child_count,
    {{ json_part('element', 'children') }} as children
{% endmacro %}

{# Whether a ledger account, by its name, is what the business owes for bills. #}
{% macro is_accounts_payable(name) -%}
    lower(trim({{ name }})) = 'accounts payable'
{%- endmacro %}

{# Whether a ledger account, by its name, is that of costs of goods sold, which are taken from income. #}
{% macro is_cost_of_goods_sold(name) -%}
    coalesce(lower(trim({{ name }})) = 'cost of goods sold', false)
{%- endmacro %}
