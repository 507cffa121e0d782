{% set report_key = ['account_id', 'business_id', 'currency_code', 'end_date'] %}
{% set section_key = report_key + ['account_type', 'account_term', 'section_number'] %}
with

reports as (
    select * from {{ ref('stg_freshbooks__report_balance_sheet') }}
    where rejected_values is null
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

sections as (
    {{ json_elements('reports', 'data', report_key) }}
),

numbered_sections as (
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        {{ json_text('element', 'account_type') }} as account_type,
        {{ json_text('element', 'category') }} as account_term,
        element_number as section_number,
        {{ json_part('element', 'balances') }} as balances,
        {{ json_part('element', 'accounts') }} as account_list
    from sections
),

account_elements as (
    {{ json_elements('numbered_sections', 'account_list', section_key) }}
),

accounts as (
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        account_type,
        account_term,
        section_number,
        element_number as account_position,
        {{ json_text('element', 'account_name') }} as account_name,
        {{ json_text('element', 'account_number') }} as account_number,
        {{ json_part('element', 'balances') }} as balances,
        {{ json_part('element', 'sub_accounts') }} as sub_accounts
    from account_elements
),

sub_account_elements as (
    {{ json_elements(
        'accounts', 'sub_accounts', section_key + ['account_position', 'account_name', 'account_number']
    ) }}
),

lines as (
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        'section' as line_type,
        account_type,
        account_term,
        section_number,
        0 as account_position,
        0 as sub_account_position,
        null as account_name,
        null as account_number,
        null as sub_account_name,
        balances
    from numbered_sections
    union all
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        'account' as line_type,
        account_type,
        account_term,
        section_number,
        account_position,
        0 as sub_account_position,
        account_name,
        account_number,
        null as sub_account_name,
        balances
    from accounts
    union all
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        'sub-account' as line_type,
        account_type,
        account_term,
        section_number,
        account_position,
        element_number as sub_account_position,
        account_name,
        account_number || '-' || {{ json_text('element', 'sub_account_number') }} as account_number,
        {{ json_text('element', 'sub_account_name') }} as sub_account_name,
        {{ json_part('element', 'balances') }} as balances
    from sub_account_elements
    union all
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        'total assets' as line_type,
        'asset' as account_type,
        null as account_term,
        0 as section_number,
        0 as account_position,
        0 as sub_account_position,
        null as account_name,
        null as account_number,
        null as sub_account_name,
        assets_total as balances
    from reports
    union all
    select
        account_id,
        business_id,
        currency_code,
        end_date,
        'total liabilities and equity' as line_type,
        null as account_type,
        null as account_term,
        0 as section_number,
        0 as account_position,
        0 as sub_account_position,
        null as account_name,
        null as account_number,
        null as sub_account_name,
        liabilities_and_equity_total as balances
    from reports
),

balances as (
    {{ json_elements('lines', 'balances', section_key + [
        'line_type', 'account_position', 'sub_account_position', 'account_name', 'account_number', 'sub_account_name',
    ]) }}
)

-- A report holds one balance per day asked for; the day of the row is the one that counts.
select
    balances.account_id,
    balances.business_id,
    businesses.business_name,
    balances.end_date as as_of_date,
    balances.line_type,
    cast(balances.section_number as bigint) as section_number,
    cast(balances.account_position as bigint) as account_position,
    cast(balances.sub_account_position as bigint) as sub_account_position,
    balances.account_type,
    balances.account_term,
    balances.account_number,
    balances.account_name,
    balances.sub_account_name,
    balances.currency_code,
    {{ money(json_text('balances.element', 'balance.amount'), 'balances.currency_code') }} as balance_amount
from balances
left join businesses
    on balances.business_id = businesses.business_id
where {{ json_text('balances.element', 'date') }} = {{ as_text('balances.end_date') }}
