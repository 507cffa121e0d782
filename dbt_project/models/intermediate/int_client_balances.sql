with

invoices as (
    select * from {{ ref('int_invoices') }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

credits_without_tax as (
    {{ credit_notes_without_tax('credit_notes') }}
),

-- What revenue_monthly calls net revenue, of one client and up to the as-of day (macros/as_of_date.sql).
amounts as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        lines_amount + discount_amount as revenue_amount,
        case when is_open then outstanding_amount else 0 end as outstanding_amount,
        case when days_overdue > 0 then outstanding_amount else 0 end as overdue_amount
    from invoices
    where is_receivable and not is_dated_later
    union all
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        -amount_without_tax as revenue_amount,
        0 as outstanding_amount,
        0 as overdue_amount
    from credits_without_tax
    where
        not is_deleted
        and not is_draft
        and not {{ is_paid_in('credit_type') }}
        and not {{ is_dated_later('create_date') }}
)

select
    account_id,
    business_id,
    client_id,
    currency_code,
    {{ round_money('sum(revenue_amount)') }} as revenue_amount,
    cast(sum(outstanding_amount) as {{ money_type() }}) as outstanding_amount,
    cast(sum(overdue_amount) as {{ money_type() }}) as overdue_amount
from amounts
where client_id is not null
group by account_id, business_id, client_id, currency_code
