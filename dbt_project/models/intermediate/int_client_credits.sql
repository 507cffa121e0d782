with

credit_notes as (
    select * from {{ ref('int_credits') }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

availability as (
    {{ availability(['credit_notes']) }}
),

from_credit_notes as (
    select
        account_id,
        business_id,
        client_id,
        currency_code,
        unapplied_amount as unapplied_credit_amount
    from credit_notes
    where not is_deleted and not is_draft and not is_dated_later
),

balances as (
    {{ json_elements('clients', 'credit_balance', ['account_id', 'business_id', 'client_id']) }}
),

-- Where credit notes are not available, the client's own balances: one per currency.
from_clients as (
    select
        account_id,
        business_id,
        client_id,
        upper({{ json_text('element', 'amount.code') }}) as currency_code,
        {{ money(json_text('element', 'amount.amount'), "upper(" ~ json_text('element', 'amount.code') ~ ")") }}
            as unapplied_credit_amount
    from balances
    where
        {{ is_currency("upper(" ~ json_text('element', 'amount.code') ~ ")") }}
        and not exists (
            select 1
            from availability
            where balances.business_id = availability.business_id and availability.has_credit_notes
        )
),

credits as (
    select * from from_credit_notes
    union all
    select * from from_clients
)

select
    account_id,
    business_id,
    client_id,
    currency_code,
    cast(sum(unapplied_credit_amount) as {{ money_type() }}) as unapplied_credit_amount
from credits
group by account_id, business_id, client_id, currency_code
having sum(unapplied_credit_amount) <> 0
