{# Columns hold nothing but the listed words, or null: `words` maps a column to its words. #}
{% test accepted_words(model, words) %}
{%- for column, values in words.items() %}
{{ 'union all' if not loop.first }}
select
    '{{ column }}' as column_name,
    {{ column }} as unexpected_word,
    count(*) as row_count
from {{ model }}
where {{ column }} not in ({% for value in values %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %})
group by {{ column }}
{%- endfor %}
{% endtest %}
