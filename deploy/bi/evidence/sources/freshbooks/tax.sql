select
    business_name,
    basis,
    month_start_date,
    tax_name,
    currency_code,
    tax_collected_amount as collected,
    tax_paid_amount as paid,
    net_tax_amount as to_pay,
    taxable_collected_amount as taxed_sales
from marts.sales_tax
