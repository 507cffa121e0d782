{#
  Fails when the API has changed, not for an odd row: more than 5 % of the rows, and at least 20 of them, are rejected.
  Fewer are set aside and listed in fb_rejected_rows.
#}
{% test stream_is_readable(model) %}
select
    rejected.row_count,
    rejected.rejected_row_count,
    rejected.example
from (
    select
        count(*) as row_count,
        count(rejected_values) as rejected_row_count,
        min(rejected_values) as example
    from {{ model }}
) as rejected
where rejected.rejected_row_count >= 20 and rejected.rejected_row_count * 20 > rejected.row_count
{% endtest %}
