with

invoice_lines as (
    select * from {{ by_invoice(ref('int_invoice_lines')) }}
),

invoices as (
    select * from {{ by_invoice(ref('int_invoices')) }}
),

clients as (
    select * from {{ ref('stg_freshbooks__clients') }}
    where rejected_values is null
),

projects as (
    select * from {{ ref('int_projects') }}
),

businesses as (
    select * from {{ ref('stg_freshbooks__businesses') }}
    where rejected_values is null
),

availability as (
    {{ availability(['clients', 'projects']) }}
)

select
    invoice_lines.account_id,
    invoice_lines.business_id,
    businesses.business_name,
    invoice_lines.invoice_id,
    invoices.invoice_number,
    invoice_lines.line_number,
    invoice_lines.line_id,
    case invoice_lines.line_type when 0 then 'item or service' when 1 then 'rebilled expense' else 'other' end
        as line_type,
    invoices.client_id,
    coalesce(clients.client_name, invoices.client_name_on_invoice) as client_name,
    invoice_lines.project_id,
    projects.project_name,
    invoice_lines.expense_id,
    invoice_lines.line_name,
    invoice_lines.description,
    invoices.create_date,
    invoices.invoice_status,
    invoice_lines.currency_code,
    cast(invoice_lines.quantity as {{ decimal(18, 6) }}) as quantity,
    {{ round_money('invoice_lines.unit_cost', 'invoice_lines.currency_code') }} as unit_cost_amount,
    invoice_lines.amount as line_amount,
    {{ round_money('invoice_lines.discounted_amount', 'invoice_lines.currency_code') }} as discounted_amount,
    invoice_lines.tax1_name,
    cast(invoice_lines.tax1_percent as {{ decimal(9, 4) }}) as tax1_percent,
    invoice_lines.tax2_name,
    cast(invoice_lines.tax2_percent as {{ decimal(9, 4) }}) as tax2_percent,
    {{ round_money('invoice_lines.tax1_amount + invoice_lines.tax2_amount', 'invoice_lines.currency_code') }}
        as tax_amount,
    invoices.is_draft,
    {{ gap_reason({'clients': 'true', 'projects': 'invoice_lines.project_id is not null'}) }} as gap_reason
from invoice_lines
inner join invoices
    on
        invoice_lines.account_id = invoices.account_id
        and invoice_lines.business_id = invoices.business_id
        and invoice_lines.invoice_id = invoices.invoice_id
left join clients
    on
        invoices.account_id = clients.account_id
        and invoices.business_id = clients.business_id
        and invoices.client_id = clients.client_id
left join projects
    on
        invoice_lines.account_id = projects.account_id
        and invoice_lines.business_id = projects.business_id
        and invoice_lines.project_id = projects.project_id
left join businesses
    on invoice_lines.business_id = businesses.business_id
left join availability
    on invoice_lines.business_id = availability.business_id
where not invoices.is_deleted
