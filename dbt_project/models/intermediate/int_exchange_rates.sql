with

rates as (
    select * from {{ ref('exchange_rates') }}
    where upper(to_currency_code) = '{{ reporting_currency() }}'
)

select
    upper(from_currency_code) as currency_code,
    rate_date as valid_from_date,
    lead(rate_date, 1, cast('9999-12-31' as date)) over (
        partition by upper(from_currency_code)
        order by rate_date asc
    ) as valid_to_date,
    rate
from rates
