-- FreshBooks' own profit and loss: the totals of each month, on both bases.
select
    business_name,
    basis,
    start_date as month_start_date,
    currency_code,
    max(case when section = 'total income' then line_amount end) as income,
    max(case when section = 'total expenses' then line_amount end) as expenses,
    max(case when section = 'net profit' then line_amount end) as net_profit
from marts.profit_and_loss
where is_total and line_level = 1
group by all
