{#
  One row per tax of a row that carries up to two: the `columns`, tax_name, tax_percent and tax_amount. `relation` has
  tax1_name, tax1_percent, tax1_amount and the same of tax2.
#}
{% macro taxes_of(relation, columns) %}
{%- for slot in ('tax1', 'tax2') %}
{{ 'union all' if not loop.first }}
select
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    {{ slot }}_name as tax_name,
    {{ slot }}_percent as tax_percent,
    {{ slot }}_amount as tax_amount
from {{ relation }}
where {{ slot }}_amount <> 0
{%- endfor %}
{% endmacro %}
