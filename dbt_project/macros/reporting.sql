{#
  Columns in the currency of the variable freshbooks_reporting_currency, from the user's own rates
  (seeds/exchange_rates.csv): the newest rate on or before the day. The own currency needs no rate; without a
  rate the amounts are null, never converted at 1. `amounts` maps a name to an amount of `relation`.
#}
{% macro reporting_columns(relation, day, amounts) -%}
    {%- set target = reporting_currency() -%}
    {%- if not target %}
    cast(null as {{ dbt.type_string() }}) as reporting_currency_code,
        {%- for name in amounts %}
    cast(null as {{ money_type() }}) as {{ name }}_reporting_amount{{ ',' if not loop.last }}
        {%- endfor %}
    {%- else %}
    cast('{{ target }}' as {{ dbt.type_string() }}) as reporting_currency_code,
        {%- for name, amount in amounts.items() %}
    {%- set converted -%}
    {{ amount }} * case when {{ relation }}.currency_code = '{{ target }}' then 1 else exchange_rates.rate end
    {%- endset %}
    {{ round_money(converted, "'" ~ target ~ "'") }} as {{ name }}_reporting_amount{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{# The join that reporting_columns reads. #}
{% macro join_exchange_rates(relation, day) -%}
    {%- set target = reporting_currency() -%}
    {%- if target %}
left join {{ ref('int_exchange_rates') }} as exchange_rates
    on
        {{ relation }}.currency_code = exchange_rates.currency_code
        and exchange_rates.valid_from_date <= {{ relation }}.{{ day }}
        and {{ relation }}.{{ day }} < exchange_rates.valid_to_date
    {%- endif %}
{%- endmacro %}

{# The variable freshbooks_reporting_currency in capitals, however it is written; none without it. #}
{% macro reporting_currency() -%}
    {{ return((var('freshbooks_reporting_currency', none) or '') | trim | upper or none) }}
{%- endmacro %}
