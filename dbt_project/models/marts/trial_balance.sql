with

reports as (
    select * from {{ ref('stg_freshbooks__report_trial_balance') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

elements as (
    {{ json_elements('reports', 'data', ['account_id', 'business_id', 'currency_code', 'start_date', 'end_date']) }}
)

select
    elements.account_id,
    elements.business_id,
    businesses.business_name,
    elements.start_date,
    elements.end_date,
    cast(elements.element_number as bigint) as line_number,
    {{ json_text('elements.element', 'account_number') }} as account_number,
    {{ json_text('elements.element', 'account_name') }} as account_name,
    {{ json_text('elements.element', 'account_sub_number') }} as sub_account_number,
    {{ json_text('elements.element', 'account_sub_name') }} as sub_account_name,
    cast({{ try_decimal(json_text('elements.element', 'sub_accountid'), 18, 0) }} as bigint) as sub_account_id,
    elements.currency_code,
    {{ money(json_text('elements.element', 'debit.amount'), 'elements.currency_code') }} as debit_amount,
    {{ money(json_text('elements.element', 'credit.amount'), 'elements.currency_code') }} as credit_amount
from elements
left join businesses
    on elements.business_id = businesses.business_id
