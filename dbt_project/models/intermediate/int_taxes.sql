{% set document = [
    'account_id', 'business_id', 'document_type', 'document_id', 'document_number', 'document_date', 'currency_code',
    'taxable_amount',
] %}
with

invoices as (
    select * from {{ by_invoice(ref('int_invoices')) }}
),

invoice_lines as (
    select * from {{ by_invoice(ref('int_invoice_lines')) }}
),

credit_notes as (
    select * from {{ ref('stg_freshbooks__credit_notes') }}
    where rejected_values is null
),

other_income as (
    select * from {{ ref('stg_freshbooks__other_income') }}
    where rejected_values is null
),

expenses as (
    select * from {{ ref('stg_freshbooks__expenses') }}
    where rejected_values is null
),

bills as (
    select * from {{ ref('stg_freshbooks__bills') }}
    where rejected_values is null
),

credit_elements as (
    {{ json_elements(
        'credit_notes', 'lines',
        [
            'account_id', 'business_id', 'credit_id', 'credit_number', 'credit_type', 'currency_code', 'create_date',
            'is_deleted', 'is_draft',
        ]
    ) }}
),

income_elements as (
    {{ json_elements(
        'other_income', 'taxes',
        ['account_id', 'business_id', 'income_id', 'amount', 'currency_code', 'income_date', 'is_deleted']
    ) }}
),

bill_elements as (
    {{ json_elements(
        'bills', 'lines',
        ['account_id', 'business_id', 'bill_id', 'bill_number', 'currency_code', 'issue_date', 'is_deleted']
    ) }}
),

invoiced_lines as (
    select
        invoice_lines.account_id,
        invoice_lines.business_id,
        'invoice' as document_type,
        invoice_lines.invoice_id as document_id,
        invoices.invoice_number as document_number,
        invoices.create_date as document_date,
        invoices.currency_code,
        invoice_lines.discounted_amount as taxable_amount,
        invoice_lines.tax1_name,
        invoice_lines.tax1_percent,
        invoice_lines.tax1_amount,
        invoice_lines.tax2_name,
        invoice_lines.tax2_percent,
        invoice_lines.tax2_amount
    from invoice_lines
    inner join invoices
        on
            invoice_lines.account_id = invoices.account_id
            and invoice_lines.business_id = invoices.business_id
            and invoice_lines.invoice_id = invoices.invoice_id
    where invoices.is_receivable
),

-- Overpayments and prepayments are money owed and carry no tax; a goodwill credit takes tax back.
credit_lines as (
    select
        account_id,
        business_id,
        'credit' as document_type,
        credit_id as document_id,
        credit_number as document_number,
        create_date as document_date,
        currency_code,
        -{{ money(json_text('element', 'amount.amount')) }} as taxable_amount,
        {{ json_text('element', 'taxName1') }} as tax1_name,
        coalesce({{ bounded_decimal(json_text('element', 'taxAmount1'), 'percent') }}, 0) as tax1_percent,
        {{ json_text('element', 'taxName2') }} as tax2_name,
        coalesce({{ bounded_decimal(json_text('element', 'taxAmount2'), 'percent') }}, 0) as tax2_percent,
        coalesce({{ json_text('element', 'compounded_tax') }} = 'true', false) as is_tax2_compound
    from credit_elements
    where not is_deleted and not is_draft and not {{ is_paid_in('credit_type') }}
),

credited_lines as (
    select
        *,
        cast(taxable_amount * tax1_percent * 0.01 as {{ decimal(28, 10) }}) as tax1_amount,
        cast(
            (taxable_amount * (1 + case when is_tax2_compound then tax1_percent * 0.01 else 0 end))
            * tax2_percent * 0.01
            as {{ decimal(28, 10) }}
        ) as tax2_amount
    from credit_lines
),

-- The amount holds its taxes: what each of them is of the rest; the last one takes what rounding leaves.
income_taxes as (
    select
        *,
        {{ json_text('element', 'name') }} as tax_name,
        coalesce({{ bounded_decimal(json_text('element', 'amount'), 'percent') }}, 0) as tax_percent,
        sum(coalesce({{ bounded_decimal(json_text('element', 'amount'), 'percent') }}, 0)) over (
            partition by account_id, business_id, income_id
        ) as percent_total,
        count(*) over (partition by account_id, business_id, income_id) as tax_count
    from income_elements
    where not is_deleted
),

income_shares as (
    select
        *,
        {{ money_quotient('100 * amount', '100 + percent_total') }} as net_amount
    from income_taxes
),

income_roundings as (
    select
        *,
        case when element_number < tax_count then {{ round_money('net_amount * tax_percent * 0.01') }} else 0 end
            as rounded_amount
    from income_shares
),

earned_taxes as (
    select
        *,
        case
            when element_number < tax_count then rounded_amount
            else
                amount - net_amount - sum(rounded_amount) over (partition by account_id, business_id, income_id)
        end as tax_amount
    from income_roundings
),

billed_lines as (
    select
        account_id,
        business_id,
        'bill' as document_type,
        bill_id as document_id,
        bill_number as document_number,
        issue_date as document_date,
        currency_code,
        {{ money(json_text('element', 'amount.amount')) }} as taxable_amount,
        {{ json_text('element', 'tax_name1') }} as tax1_name,
        cast(null as {{ decimal(18, 6) }}) as tax1_percent,
        {{ money(json_text('element', 'tax_amount1.amount')) }} as tax1_amount,
        {{ json_text('element', 'tax_name2') }} as tax2_name,
        cast(null as {{ decimal(18, 6) }}) as tax2_percent,
        {{ money(json_text('element', 'tax_amount2.amount')) }} as tax2_amount
    from bill_elements
    where not is_deleted
),

spent as (
    select
        account_id,
        business_id,
        'expense' as document_type,
        expense_id as document_id,
        {{ raw_null('string') }} as document_number,
        expense_date as document_date,
        currency_code,
        total_amount - tax_amount as taxable_amount,
        tax1_name,
        cast(null as {{ decimal(18, 6) }}) as tax1_percent,
        tax1_amount,
        tax2_name,
        cast(null as {{ decimal(18, 6) }}) as tax2_percent,
        tax2_amount
    from expenses
    where not is_deleted
),

all_taxes as (
    {{ taxes_of('invoiced_lines', document) }}
    union all
    {{ taxes_of('credited_lines', document) }}
    union all
    {{ taxes_of('spent', document) }}
    union all
    {{ taxes_of('billed_lines', document) }}
    union all
    select
        account_id,
        business_id,
        'other income' as document_type,
        income_id as document_id,
        {{ raw_null('string') }} as document_number,
        income_date as document_date,
        currency_code,
        net_amount as taxable_amount,
        tax_name,
        tax_percent,
        -- As wide as a sum is, it would leave the other taxes no decimals beyond the cent.
        cast(tax_amount as {{ money_type() }}) as tax_amount
    from earned_taxes
    where tax_amount <> 0
)

-- One rounding per tax of a document.
select
    account_id,
    business_id,
    document_type,
    document_id,
    document_number,
    document_date,
    document_type in ('invoice', 'credit', 'other income') as is_collected,
    currency_code,
    coalesce(tax_name, 'without a name') as tax_name,
    tax_percent,
    {{ round_money('sum(taxable_amount)') }} as taxable_amount,
    {{ round_money('sum(tax_amount)') }} as tax_amount
from all_taxes
group by
    account_id, business_id, document_type, document_id, document_number, document_date, currency_code,
    coalesce(tax_name, 'without a name'), tax_percent
