-- One row per month, business and currency; without tax.
select
    business_name,
    month_start_date,
    currency_code,
    sum(net_revenue_amount) as net_revenue,
    sum(collected_without_tax_amount) as collected
from marts.revenue_monthly
group by all
