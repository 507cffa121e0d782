with

credit_notes as (
    select * from {{ ref('int_credits') }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['clients']) }}
)

select
    credit_notes.account_id,
    credit_notes.business_id,
    businesses.business_name,
    credit_notes.credit_id,
    credit_notes.credit_number,
    credit_notes.credit_type,
    credit_notes.client_id,
    clients.client_name,
    credit_notes.create_date,
    credit_notes.payment_status,
    credit_notes.currency_code,
    credit_notes.amount as credit_amount,
    credit_notes.used_amount,
    credit_notes.unapplied_amount,
    credit_notes.is_draft,
    credit_notes.is_dated_later,
    {{ is_paid_in('credit_notes.credit_type') }} as is_paid_in,
    {{ gap_reason({'clients': 'credit_notes.client_id is not null'}) }} as gap_reason
from credit_notes
left join clients
    on
        credit_notes.account_id = clients.account_id
        and credit_notes.business_id = clients.business_id
        and credit_notes.client_id = clients.client_id
left join businesses
    on credit_notes.business_id = businesses.business_id
left join availability
    on credit_notes.business_id = availability.business_id
where not credit_notes.is_deleted
