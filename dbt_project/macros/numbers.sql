{#
  A quotient as a decimal, rounded half away from zero. DuckDB divides decimals as floating point, so an exact
  half could fall on either side; a nudge far below the last digit of any money or hour settles it upward, and
  the same way on every engine. For values that are not negative.
#}
{% macro quotient(numerator, denominator, precision=18, scale=2) -%}
    cast(round(cast({{ numerator }} as {{ decimal(28, 6) }}) / nullif({{ denominator }}, 0) + 0.00000001, {{ scale }})
    as {{ decimal(precision, scale) }})
{%- endmacro %}

{# Seconds as hours. #}
{% macro hours(seconds) -%}
    {{ quotient(seconds, 3600, 18, 4) }}
{%- endmacro %}

{#
  The part of `amount` that falls on one payment of its document, `shares` being a row of int_cash_shares: what is
  covered after it less what was before, each rounded, so that the parts of a paid document add up to it.
#}
{% macro paid_portion(amount, shares) -%}
    {%- set size = 'abs(cast(' ~ amount ~ ' as ' ~ decimal(18, 2) ~ ')) * ' ~ shares -%}
    cast(case when {{ amount }} < 0 then -1 else 1 end * (
        {{ quotient(size ~ '.paid_after_amount', shares ~ '.total_amount') }}
        - {{ quotient(size ~ '.paid_before_amount', shares ~ '.total_amount') }}
    ) as {{ decimal(18, 2) }})
{%- endmacro %}
