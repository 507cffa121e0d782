{# active, archived or deleted, in words, from the connector's two flags. #}
{% macro record_status(is_deleted, is_archived) -%}
    case when {{ is_deleted }} then 'deleted' when {{ is_archived }} then 'archived' else 'active' end
{%- endmacro %}

{# Whether a credit note is money that was paid in, owed until it is used, and not given. #}
{% macro is_paid_in(credit_type) -%}
    coalesce({{ credit_type }} in ('overpayment', 'prepayment'), false)
{%- endmacro %}
