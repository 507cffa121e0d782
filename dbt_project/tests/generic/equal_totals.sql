{#
  Per group, the total of a column equals the total of a column of another relation. The group holds the
  currency, so this also proves that no total crosses currencies and that no row was lost or doubled.
#}
{% test equal_totals(model, expression, to, to_expression, group_by, to_where="true") %}
with

ours as (
    select
        {{ group_by | join(', ') }},
        sum({{ expression }}) as total
    from {{ model }}
    group by {{ group_by | join(', ') }}
),

theirs as (
    select
        {{ group_by | join(', ') }},
        sum({{ to_expression }}) as total
    from {{ to }}
    where {{ to_where }}
    group by {{ group_by | join(', ') }}
)

select
    {%- for column in group_by %}
    coalesce(ours.{{ column }}, theirs.{{ column }}) as {{ column }},
    {%- endfor %}
    ours.total as total,
    theirs.total as expected_total
from ours
full outer join theirs
    on {% for column in group_by %}{{ 'and ' if not loop.first }}ours.{{ column }} = theirs.{{ column }} {% endfor %}
where coalesce(ours.total, 0) <> coalesce(theirs.total, 0)
{% endtest %}
