{#
  Every amount of a row has one currency. Columns are read from the mart's own YAML: what fb_dictionary calls money
  stands beside `currency_code` (`_reporting_amount` beside `reporting_currency_code`), a mart without a document
  in its key has the currency in its key, and no row has an amount without a three-letter currency.
#}
{% test no_total_crosses_currencies(model) %}
{%- set node = namespace(found=none) -%}
{%- if execute -%}
    {%- for candidate in graph.nodes.values() if candidate.resource_type == 'model' -%}
        {%- if candidate.name == model.identifier -%} {%- set node.found = candidate -%} {%- endif -%}
    {%- endfor -%}
{%- endif -%}
{%- set amounts = [] -%}
{%- if node.found -%}
    {%- set columns = node.found.columns.keys() | list -%}
    {%- set grain = node.found.config.meta.get('grain', '').split(', ') -%}
    {%- for column in node.found.columns.values() if unit_of(column) == 'money' -%}
        {%- do amounts.append([column.name, currency_column_of(column, node.found)]) -%}
    {%- endfor -%}
    {%- set is_document = grain | select('in', [
        'invoice_id', 'payment_id', 'credit_id', 'expense_id', 'estimate_id', 'bill_id', 'bill_payment_id',
        'income_id', 'item_id', 'posting_id', 'identity_id',
    ]) | list -%}
    {%- if not amounts or 'currency_code' not in columns -%}
        {{ exceptions.raise_compiler_error(node.found.name ~ ' needs amounts, and currency_code beside them.') }}
    {%- endif -%}
    {%- if 'currency_code' not in grain and not is_document -%}
        {{ exceptions.raise_compiler_error(node.found.name ~ ' adds up amounts without currency_code in its key.') }}
    {%- endif -%}
{%- endif -%}
select *
from {{ model }}
where
    false
    {%- for name, currency in amounts %}
    or ({{ name }} is not null and (
        {{ currency }} is null or length({{ currency }}) <> 3 or {{ currency }} <> upper({{ currency }})
    ))
    {%- endfor %}
{% endtest %}
