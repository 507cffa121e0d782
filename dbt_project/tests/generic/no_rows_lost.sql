{# Every combination of the columns in another relation is found in the model. #}
{% test no_rows_lost(model, columns, of, of_where="true") %}
select {{ columns | join(', ') }}
from {{ of }}
where {{ of_where }}
{{ dbt.except() }}
select {{ columns | join(', ') }}
from {{ model }}
{% endtest %}
