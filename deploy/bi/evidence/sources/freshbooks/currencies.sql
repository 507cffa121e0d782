-- What the pages offer to choose from: amounts of two currencies are never added up.
select distinct business_name, currency_code from marts.revenue_monthly
union
select distinct business_name, currency_code from marts.outstanding_balances
union
select distinct business_name, currency_code from marts.profit_and_loss
