select
    business_name,
    year(month_start_date) as year,
    client_name,
    currency_code,
    sum(net_revenue_amount) as net_revenue
from marts.revenue_monthly
group by all
