{% set activity = ['invoices', 'payments', 'estimates', 'credit_notes'] %}
with

contacts as (
    select * from {{ ref('int_client_contacts') }}
),

activity as (
    select * from {{ ref('int_client_activity') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(activity) }}
),

-- The row that speaks for a person known to several clients, or twice to one.
ranked as (
    select
        *,
        row_number() over (
            partition by account_id, business_id, contact_key
            order by
                status_rank asc,
                case when is_primary then 0 else 1 end asc,
                updated_at desc,
                client_id desc,
                contact_number asc
        ) as preference
    from contacts
),

contact_clients as (
    select distinct
        account_id,
        business_id,
        contact_key,
        client_id
    from contacts
),

contact_activity as (
    select
        contact_clients.account_id,
        contact_clients.business_id,
        contact_clients.contact_key,
        count(*) as client_count,
        sum(coalesce(activity.invoice_count, 0)) as invoice_count,
        min(activity.first_activity_date) as first_activity_date,
        max(activity.last_activity_date) as last_activity_date,
        max(activity.last_invoice_date) as last_invoice_date,
        max(activity.last_payment_date) as last_payment_date
    from contact_clients
    left join activity
        on
            contact_clients.account_id = activity.account_id
            and contact_clients.business_id = activity.business_id
            and contact_clients.client_id = activity.client_id
    group by contact_clients.account_id, contact_clients.business_id, contact_clients.contact_key
)

select
    ranked.account_id,
    ranked.business_id,
    businesses.business_name,
    ranked.contact_key,
    ranked.client_id,
    ranked.is_primary,
    nullif(trim(coalesce(ranked.first_name, '') || ' ' || coalesce(ranked.last_name, '')), '') as full_name,
    ranked.first_name,
    ranked.last_name,
    ranked.organization,
    ranked.email,
    ranked.business_phone,
    ranked.mobile_phone,
    ranked.home_phone,
    ranked.street,
    ranked.street2,
    ranked.city,
    ranked.province,
    ranked.postal_code,
    ranked.country,
    ranked.language_code,
    ranked.currency_code,
    ranked.client_status as status,
    cast(contact_activity.client_count as bigint) as client_count,
    case when {{ are_available(['invoices']) }} then cast(contact_activity.invoice_count as bigint) end
        as invoice_count,
    case when {{ are_available(activity) }} then contact_activity.first_activity_date end as first_activity_date,
    case when {{ are_available(activity) }} then contact_activity.last_activity_date end as last_activity_date,
    contact_activity.last_invoice_date,
    case when {{ are_available(['invoices', 'payments']) }} then contact_activity.last_payment_date end
        as last_payment_date,
    ranked.updated_at,
    {{ gap_reason(dict.fromkeys(activity, 'true')) }} as gap_reason
from ranked
inner join contact_activity
    on
        ranked.account_id = contact_activity.account_id
        and ranked.business_id = contact_activity.business_id
        and ranked.contact_key = contact_activity.contact_key
left join businesses
    on ranked.business_id = businesses.business_id
left join availability
    on ranked.business_id = availability.business_id
where ranked.preference = 1
