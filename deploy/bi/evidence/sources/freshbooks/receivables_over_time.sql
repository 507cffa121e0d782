select
    business_name,
    as_of_date,
    currency_code,
    aging_bucket,
    sum(outstanding_amount) as outstanding
from marts.ar_aging
group by all
