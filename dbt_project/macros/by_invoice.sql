{#
  A table of which a model takes the rows of an invoice for the rows of that invoice, and nothing else: then the hub
  renews the rows of the invoices that changed, and leaves the others as they are (freshbooks_hub/sync/renewal.py, which
  reads the comment). `id` is the column of the invoice there: document_id in a table with a document_type. In the model
  it is invoice_id, or document_id.
#}
{% macro by_invoice(relation, id='invoice_id') -%}
    {{ relation }}{{ ' /* by ' ~ id ~ ' */' if target.type == 'duckdb' and var('freshbooks_publish') }}
{%- endmacro %}
