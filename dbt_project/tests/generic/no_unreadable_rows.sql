{# Rows of the source that hold a value that cannot be read, or lack one that must be there. #}
{% test no_unreadable_rows(model, key) %}
select
    {{ key | join(', ') }},
    trim(unreadable_columns) as unreadable_columns
from {{ model }}
where unreadable_columns <> ''
{% endtest %}
