{#
  The business day that the build is made for, as text: as_of_date (macros/build_value.sql), else the day on which the
  run started, in UTC. No model reads a clock of its own.
#}
{% macro as_of_day() -%}
    {%- set value = (build_value('as_of_date') or run_started_at.strftime('%Y-%m-%d')) | string -%}
    {%- if execute and not modules.re.match('^\\d{4}-\\d{2}-\\d{2}$', value) -%}
        {{ exceptions.raise_compiler_error(
            "The variable as_of_date is not a date (got '" ~ value ~ "'). Marts are built for one business day: pass "
            ~ "it, for example --vars '{as_of_date: 2026-06-30}'."
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{#
  The days of businesses in other zones, where one build is for many: {day: [business_id, …]}, from freshbooks_other_days.
  All others have as_of_day. No more than two days are others: it is never more than three days at a time on Earth.
#}
{% macro other_days() -%}
    {{ return(build_value('freshbooks_other_days') or {}) }}
{%- endmacro %}

{# All days that the build is made for, as dates in SQL; that of as_of_day first. #}
{% macro as_of_dates() -%}
    {%- set dates = [as_of_date_of_most()] -%}
    {%- for day in other_days().keys() | sort %}{% do dates.append("cast('" ~ day ~ "' as date)") %}{% endfor -%}
    {{ return(dates) }}
{%- endmacro %}

{# as_of_day as a date in SQL, or a function that tells it. #}
{% macro as_of_date_of_most() -%}
    {{ return(build_function('as_of_date') or "cast('" ~ as_of_day() ~ "' as date)") }}
{%- endmacro %}

{#
  The business day that the build is made for, as a date in SQL; `business`: the column with the business whose day it
  is. `days` are added to it.
#}
{% macro as_of_date(business='business_id', days=0) -%}
    {%- set others = other_days() -%}
    {%- if days %}{{ return(day_after(as_of_date(business), days)) }}{% endif -%}
    {%- if not others %}{{ return(as_of_date_of_most()) }}{% endif -%}
    case
    {%- for day, businesses in others.items() %}
        when {{ business }} in ({{ businesses | join(', ') }}) then cast('{{ day }}' as date)
    {%- endfor %}
        else {{ as_of_date_of_most() }}
    end
{%- endmacro %}

{#
  The rule of the as-of day, the same in every mart of balances: a document counts from its own day on, and so does a
  payment or an applied credit, that day included. What is dated later is in the marts of documents, with its day, and in
  no balance. Days in the past (ar_aging, ap_aging) follow the same rule. A row without a day counts.
#}
{% macro is_dated_later(day, business='business_id') -%}
    coalesce({{ day }} > {{ as_of_date(business) }}, false)
{%- endmacro %}

{#
  The part of a document's balance that payments after a day have taken off: FreshBooks' balance and this is what was
  open on that day. It goes as far as the total, for a payment may have been read before or after the balance that it
  changed, and a balance may be more than the total (a late fee). `payments`: what is dated after the day.
#}
{% macro paid_later(payments, total, outstanding) -%}
    greatest(0, least(coalesce({{ payments }}, 0), greatest({{ total }}, {{ outstanding }}) - {{ outstanding }}))
{%- endmacro %}
