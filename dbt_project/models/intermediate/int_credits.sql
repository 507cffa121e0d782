with

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

payments as (
    select * from {{ ref('stg_freshbooks__payments') }}
    where rejected_values is null
),

-- What was applied after the as-of day is unused on it (macros/as_of_date.sql).
applied_later as (
    select
        account_id,
        business_id,
        credit_id,
        currency_code,
        sum(amount) as applied_amount
    from payments
    where not is_deleted and is_from_credit and credit_id is not null and {{ is_dated_later('payment_date') }}
    group by account_id, business_id, credit_id, currency_code
),

dated as (
    select
        credit_notes.*,
        {{ is_dated_later('credit_notes.create_date', 'credit_notes.business_id') }} as is_dated_later,
        greatest(0, least(coalesce(applied_later.applied_amount, 0), credit_notes.used_amount)) as used_later_amount
    from credit_notes
    left join applied_later
        on
            credit_notes.account_id = applied_later.account_id
            and credit_notes.business_id = applied_later.business_id
            and credit_notes.credit_id = applied_later.credit_id
            and credit_notes.currency_code = applied_later.currency_code
)

select
    account_id,
    business_id,
    credit_id,
    credit_number,
    credit_type,
    client_id,
    create_date,
    payment_status,
    currency_code,
    amount,
    cast(used_amount - used_later_amount as {{ money_type() }}) as used_amount,
    cast(amount - used_amount + used_later_amount as {{ money_type() }}) as unapplied_amount,
    is_draft,
    is_dated_later,
    is_deleted
from dated
