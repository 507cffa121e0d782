{% set activity = ['invoices', 'payments', 'estimates', 'credit_notes'] %}
with

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

client_activity as (
    select * from {{ ref('int_client_activity') }}
),

balances as (
    select * from {{ ref('int_client_balances') }}
),

-- The currencies of a client's documents that are not the one of its own row.
other_currencies as (
    select
        balances.account_id,
        balances.business_id,
        balances.client_id,
        {{ concat_rows('balances.currency_code', 'balances.currency_code') }} as currency_codes
    from balances
    inner join clients
        on
            balances.account_id = clients.account_id
            and balances.business_id = clients.business_id
            and balances.client_id = clients.client_id
    where clients.currency_code is null or balances.currency_code <> clients.currency_code
    group by balances.account_id, balances.business_id, balances.client_id
),

ranked_payments as (
    select
        *,
        row_number() over (
            partition by account_id, business_id, client_id order by payment_date desc, payment_id desc
        ) as recency
    from {{ ref('int_payments') }}
    where is_counted and is_cash and client_id is not null and not {{ is_dated_later('payment_date') }}
),

last_payments as (
    select * from ranked_payments
    where recency = 1
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(activity) }}
)

select
    clients.account_id,
    clients.business_id,
    businesses.business_name,
    clients.client_id,
    clients.client_name,
    clients.organization,
    clients.first_name,
    clients.last_name,
    clients.email,
    clients.business_phone,
    clients.mobile_phone,
    clients.street,
    clients.street2,
    clients.city,
    clients.province,
    clients.postal_code,
    clients.country,
    clients.language_code,
    clients.currency_code,
    clients.vat_number,
    clients.note,
    clients.client_status,
    case when {{ are_available(['invoices']) }} then cast(coalesce(client_activity.invoice_count, 0) as bigint) end
        as invoice_count,
    case
        when {{ are_available(['invoices']) }}
            then cast(coalesce(client_activity.recent_invoice_count, 0) as bigint)
    end as recent_invoice_count,
    case
        when {{ are_available(['invoices']) }}
            then cast(coalesce(client_activity.earlier_invoice_count, 0) as bigint)
    end as earlier_invoice_count,
    case when {{ are_available(activity) }} then client_activity.first_activity_date end as first_activity_date,
    case when {{ are_available(activity) }} then client_activity.last_activity_date end as last_activity_date,
    client_activity.last_invoice_date,
    case when {{ are_available(['invoices', 'payments']) }} then client_activity.last_payment_date end
        as last_payment_date,
    case
        when {{ are_available(['invoices', 'payments']) }} and last_payments.currency_code = clients.currency_code
            then last_payments.amount
    end as last_payment_amount,
    case
        when {{ are_available(['invoices']) }}
            then {{ quotient('client_activity.days_to_pay', 'client_activity.paid_invoice_count', 9, 2) }}
    end as average_days_to_pay,
    case
        when {{ are_available(['invoices', 'credit_notes']) }} and clients.currency_code is not null
            then cast(coalesce(balances.revenue_amount, 0) as {{ money_type() }})
    end as lifetime_revenue_amount,
    case
        when {{ are_available(['invoices']) }}
            then {{ quotient('100 * balances.overdue_amount', 'balances.outstanding_amount', 9, 2) }}
    end as overdue_percent,
    case when {{ are_available(['invoices', 'credit_notes']) }} then other_currencies.currency_codes end
        as other_currency_codes,
    clients.updated_at,
    {{ gap_reason(dict.fromkeys(activity, 'true')) }} as gap_reason
from clients
left join client_activity
    on
        clients.account_id = client_activity.account_id
        and clients.business_id = client_activity.business_id
        and clients.client_id = client_activity.client_id
left join balances
    on
        clients.account_id = balances.account_id
        and clients.business_id = balances.business_id
        and clients.client_id = balances.client_id
        and clients.currency_code = balances.currency_code
left join other_currencies
    on
        clients.account_id = other_currencies.account_id
        and clients.business_id = other_currencies.business_id
        and clients.client_id = other_currencies.client_id
left join last_payments
    on
        clients.account_id = last_payments.account_id
        and clients.business_id = last_payments.business_id
        and clients.client_id = last_payments.client_id
left join businesses
    on clients.business_id = businesses.business_id
left join availability
    on clients.business_id = availability.business_id
