with

postings as (
    select * from {{ ref('stg_freshbooks__journal_entry_details') }}
    where rejected_values is null
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
),

named as (
    select
        postings.account_id,
        postings.business_id,
        postings.posting_id,
        cast({{ try_decimal(json_text('postings.entry', 'entryid'), 18, 0) }} as bigint) as entry_id,
        postings.posting_date,
        postings.posting_name,
        postings.description,
        postings.posting_type,
        {{ json_text('postings.account', 'account_number') }} as account_number,
        {{ json_text('postings.account', 'account_name') }} as account_name,
        {{ json_text('postings.account', 'account_type') }} as account_type,
        {{ json_text('postings.sub_account', 'account_sub_number') }} as sub_account_number,
        {{ json_text('postings.sub_account', 'account_sub_name') }} as sub_account_name,
        cast({{ try_decimal(json_text('postings.entry', 'clientid'), 18, 0) }} as bigint) as client_id,
        cast({{ try_decimal(json_text('postings.entry', 'invoiceid'), 18, 0) }} as bigint) as invoice_id,
        cast({{ try_decimal(json_text('postings.entry', 'paymentid'), 18, 0) }} as bigint) as payment_id,
        cast({{ try_decimal(json_text('postings.entry', 'expenseid'), 18, 0) }} as bigint) as expense_id,
        cast({{ try_decimal(json_text('postings.entry', 'creditid'), 18, 0) }} as bigint) as credit_id,
        cast({{ try_decimal(json_text('postings.entry', 'incomeid'), 18, 0) }} as bigint) as income_id,
        postings.currency_code,
        postings.debit_amount,
        postings.credit_amount
    from postings
    where not postings.is_deleted
)

select
    named.account_id,
    named.business_id,
    businesses.business_name,
    named.posting_id,
    named.entry_id,
    named.posting_date,
    named.posting_name,
    named.description,
    named.posting_type,
    named.account_number,
    named.account_name,
    lower(named.account_type) as account_type,
    named.sub_account_number,
    named.sub_account_name,
    named.client_id,
    clients.client_name,
    named.invoice_id,
    named.payment_id,
    named.expense_id,
    named.credit_id,
    named.income_id,
    named.currency_code,
    cast(named.debit_amount as {{ money_type() }}) as debit_amount,
    cast(named.credit_amount as {{ money_type() }}) as credit_amount,
    {{ gap_reason({'clients': 'named.client_id is not null'}) }} as gap_reason
from named
left join clients
    on
        named.account_id = clients.account_id
        and named.business_id = clients.business_id
        and named.client_id = clients.client_id
left join businesses
    on named.business_id = businesses.business_id
left join availability
    on named.business_id = availability.business_id
