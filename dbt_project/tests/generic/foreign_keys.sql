{#
  Every reference is found: `keys` is a list of {columns, to, to_columns}; to_columns as columns when left out.
  A reference with a null in it refers to nothing and passes.
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
    not exists (
        select 1
        from {{ key.to }} as parent
        where {% for column in key.columns %}{{ 'and ' if not loop.first }}child.{{ column }} = parent.{{ key.get('to_columns', key.columns)[loop.index0] }} {% endfor %}
    )
{%- endfor %}
{% endtest %}
