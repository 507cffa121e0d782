select
    business_name,
    client_name,
    currency_code,
    as_of_date,
    outstanding_amount as outstanding,
    current_amount as not_due,
    overdue_1_30_amount as overdue_1_30,
    overdue_31_60_amount as overdue_31_60,
    overdue_61_90_amount as overdue_61_90,
    overdue_91_plus_amount as overdue_91_plus,
    oldest_due_date
from marts.outstanding_balances
where outstanding_amount > 0
