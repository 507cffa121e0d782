-- Businesses whose books owe suppliers while FreshBooks lists neither bills nor vendors: what is owed is kept in Bill
-- Pay, which no API shows (freshbooks-api.md 9.1).
with

bills as (
    select * from {{ ref('stg_freshbooks__bills') }}
),

bill_vendors as (
    select * from {{ ref('stg_freshbooks__bill_vendors') }}
),

balance_sheet as (
    select * from {{ ref('balance_sheet') }}
),

postings as (
    select * from {{ ref('stg_freshbooks__journal_entry_details') }}
    where rejected_values is null and not is_deleted
),

availability as (
    {{ availability(['bills', 'bill_vendors']) }}
),

listed as (
    select business_id from bills
    where not is_deleted
    union all
    select business_id from bill_vendors
    where not is_deleted
),

latest_days as (
    select
        business_id,
        max(as_of_date) as as_of_date
    from balance_sheet
    group by business_id
),

stated as (
    select
        balance_sheet.business_id,
        balance_sheet.currency_code,
        sum(balance_sheet.balance_amount) as payable_amount
    from balance_sheet
    inner join latest_days
        on
            balance_sheet.business_id = latest_days.business_id
            and balance_sheet.as_of_date = latest_days.as_of_date
    where balance_sheet.line_type = 'account' and {{ is_accounts_payable('balance_sheet.account_name') }}
    group by balance_sheet.business_id, balance_sheet.currency_code
),

-- Without a balance sheet the ledger's postings tell.
posted as (
    select
        postings.business_id,
        postings.currency_code,
        sum(postings.credit_amount - postings.debit_amount) as payable_amount
    from postings
    left join latest_days
        on postings.business_id = latest_days.business_id
    where
        latest_days.business_id is null
        and {{ is_accounts_payable(json_text('postings.account', 'account_name')) }}
    group by postings.business_id, postings.currency_code
),

payables as (
    select * from stated
    union all
    select * from posted
)

select distinct payables.business_id
from payables
inner join availability
    on payables.business_id = availability.business_id
left join listed
    on payables.business_id = listed.business_id
where
    payables.payable_amount <> 0
    and listed.business_id is null
    and {{ are_available(['bills', 'bill_vendors']) }}
