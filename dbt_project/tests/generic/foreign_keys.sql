{#
  Every reference is found: `keys` is a list of {columns, to, to_columns, stream}; to_columns as columns when left out.
  A reference with a null in it refers to nothing and passes, and so does one to rows of a `stream` that is not available
  in the business.
#}
{% test foreign_keys(model, keys) %}
{%- for key in keys %}
{{ 'union all' if not loop.first }}
select
    '{{ key.columns[-1] }}' as reference,
    {% for column in key.columns %}{{ "|| ', ' || " if not loop.first }}{{ as_text('child.' ~ column) }} {% endfor %}as missing_key
from {{ model }} as child
where
    {%- for column in key.columns %}
    child.{{ column }} is not null and
    {%- endfor %}
    {%- if key.stream %}
    child.business_id in (
        select availability.business_id
        from ({{ availability([key.stream]) }}) as availability
        where availability.has_{{ key.stream }}
    ) and
    {%- endif %}
    not exists (
        select 1
        from {{ key.to }} as parent
        where {% for column in key.columns %}{{ 'and ' if not loop.first }}child.{{ column }} = parent.{{ key.get('to_columns', key.columns)[loop.index0] }} {% endfor %}
    )
{%- endfor %}
{% endtest %}
