{#
  A quotient as a decimal, rounded half away from zero. DuckDB divides decimals as floating point, so an exact
  half could fall on either side; a nudge far below the last digit of any money or hour settles it upward, and
  the same way on every engine. For values that are not negative.
#}
{% macro quotient(numerator, denominator, precision, scale) -%}
    cast(round({{ nudged_quotient(numerator, denominator) }}, {{ scale }}) as {{ decimal(precision, scale) }})
{%- endmacro %}

{# A quotient that is not rounded yet. #}
{% macro nudged_quotient(numerator, denominator) -%}
    cast({{ numerator }} as {{ decimal(28, 6) }}) / nullif({{ denominator }}, 0) + 0.00000001
{%- endmacro %}

{# Seconds as hours. #}
{% macro hours(seconds) -%}
    {{ quotient(seconds, 3600, 18, 4) }}
{%- endmacro %}

{# A select of the digits 0 to 9, from which a cross join makes numbers. #}
{% macro digits() -%}
    {%- for digit in range(10) %}
    {{ 'union all' if not loop.first }}
    select {{ digit }} as digit
    {%- endfor %}
{%- endmacro %}
