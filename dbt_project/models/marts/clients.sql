{% set activity = ['invoices', 'payments', 'estimates', 'credit_notes'] %}
with

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

client_activity as (
    select * from {{ ref('int_client_activity') }}
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
    case when {{ are_available(activity) }} then client_activity.first_activity_date end as first_activity_date,
    case when {{ are_available(activity) }} then client_activity.last_activity_date end as last_activity_date,
    client_activity.last_invoice_date,
    case when {{ are_available(['invoices', 'payments']) }} then client_activity.last_payment_date end
        as last_payment_date,
    clients.updated_at,
    {{ gap_reason(dict.fromkeys(activity, 'true')) }} as gap_reason
from clients
left join client_activity
    on
        clients.account_id = client_activity.account_id
        and clients.business_id = client_activity.business_id
        and clients.client_id = client_activity.client_id
left join businesses
    on clients.business_id = businesses.business_id
left join availability
    on clients.business_id = availability.business_id
