with

digits as (
    {{ digits() }}
),

numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * higher.digit
            as day_number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as higher
    where higher.digit < 2
),

calendar_days as (
    select cast({{ day_after("cast('2000-01-01' as date)", 'day_number') }} as date) as calendar_date
    from numbers
)

select
    calendar_date,
    {{ month_start('calendar_date') }} as month_start_date,
    {{ quarter_start('calendar_date') }} as quarter_start_date,
    {{ year_start('calendar_date') }} as year_start_date
from calendar_days
where calendar_date < cast('2050-01-01' as date)
