{#
  The type of money: decimal(18,3), for dinars have three decimals. Nothing else has it, so a column is known as money by
  it (unit_of). BigQuery takes no parameters in a cast; there the contract's column rounds.
#}
{% macro money_type() -%}
    {{ return('numeric' if target.type == 'bigquery' else 'decimal(18, 3)') }}
{%- endmacro %}

{#
  Money from decimal text: with two decimals, with three where its currency has as many or more, and what is beyond them
  rounded, half away from zero. Yen that arrive with decimals keep them (freshbooks-api.md 5). Null from ten trillion on:
  a hundred such amounts still have a sum of this type.
#}
{% macro money(text, currency='currency_code') -%}
    case
        when {{ currency }} in {{ sql_list(currencies_of_more_decimals()) }}
            then cast({{ try_decimal(text, 16, 3) }} as {{ money_type() }})
        else cast({{ try_decimal(text, 15, 2) }} as {{ money_type() }})
    end
{%- endmacro %}

{# Money that was worked out, rounded to the decimals of its currency (macros/currencies.sql): to the yen, cent or fils. #}
{% macro round_money(amount, currency='currency_code') -%}
    case
        when {{ currency }} in {{ sql_list(currencies_without_decimals()) }} then cast(round({{ amount }}, 0) as {{ money_type() }})
        when {{ currency }} in {{ sql_list(currencies_of_more_decimals()) }} then cast(round({{ amount }}, 3) as {{ money_type() }})
        else cast(round({{ amount }}, 2) as {{ money_type() }})
    end
{%- endmacro %}

{# A quotient (macros/numbers.sql) that is money, rounded to the decimals of its currency. #}
{% macro money_quotient(numerator, denominator, currency='currency_code') -%}
    {{ round_money(nudged_quotient(numerator, denominator), currency) }}
{%- endmacro %}

{# By how much figures may differ and still be the same: a cent, and a yen where there is nothing smaller. #}
{% macro tolerated_difference(currency='currency_code') -%}
    case when {{ currency }} in {{ sql_list(currencies_without_decimals()) }} then 1.00 else 0.01 end
{%- endmacro %}

{# An amount as text, with the decimals of its currency: 10, 10.00 or 10.000. Yen that have decimals keep two. #}
{% macro money_text(amount, currency='currency_code') -%}
    case
        when {{ currency }} in {{ sql_list(currencies_of_more_decimals()) }}
            then {{ as_text('cast(' ~ amount ~ ' as ' ~ money_type() ~ ')') }}
        when {{ currency }} in {{ sql_list(currencies_without_decimals()) }} and {{ amount }} = round({{ amount }}, 0)
            then {{ as_text('cast(' ~ amount ~ ' as bigint)') }}
        else {{ as_text('cast(' ~ amount ~ ' as ' ~ decimal(18, 2) ~ ')') }}
    end
{%- endmacro %}
