-- From three paid invoices on there is a habit; of fewer nothing is concluded.
{% set enough = 3 %}
with

paid as (
    select
        account_id,
        business_id,
        client_id,
        days_to_pay,
        row_number() over (
            partition by account_id, business_id, client_id
            order by days_to_pay
        ) as client_rank,
        count(*) over (partition by account_id, business_id, client_id) as client_count,
        row_number() over (
            partition by account_id, business_id
            order by days_to_pay
        ) as business_rank,
        count(*) over (partition by account_id, business_id) as business_count
    from {{ ref('int_invoices') }}
    where days_to_pay is not null
)

-- The median is the smallest number of days within which at least half of the invoices were paid.
select
    account_id,
    business_id,
    client_id,
    min(case when 2 * client_rank >= client_count then days_to_pay end) as days_to_pay,
    max(client_count) as paid_invoice_count
from paid
where client_id is not null and client_count >= {{ enough }}
group by account_id, business_id, client_id
union all
select
    account_id,
    business_id,
    null as client_id,
    min(case when 2 * business_rank >= business_count then days_to_pay end) as days_to_pay,
    max(business_count) as paid_invoice_count
from paid
where business_count >= {{ enough }}
group by account_id, business_id
