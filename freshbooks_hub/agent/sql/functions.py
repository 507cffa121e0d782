"""The functions a query may call: what arithmetic on the books needs, and nothing that sees the machine.

A name that is not here is refused, so a function of a later DuckDB is refused until somebody has looked at it.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


_OPERATORS = words("+ - * / // % ** ^ & | << >> ~ || ~~ !~~ ~~* !~~* ~~~ ^@ ! <@ @> && @ __postfix")
_LOGIC = words("if ifnull nullif coalesce greatest least constant_or_null")
_NUMBERS = words(
    "abs add subtract multiply divide mod fmod fdiv pow power sqrt cbrt exp ln log log2 log10 ceil ceiling floor "
    "round round_even trunc sign signbit even factorial gcd lcm pi isnan isinf isfinite radians degrees sin cos "
    "tan atan atan2 hash format_bytes"
)
_TEXT = words(
    "lower upper lcase ucase trim ltrim rtrim length len char_length strlen left right substr substring concat "
    "concat_ws replace reverse repeat lpad rpad starts_with ends_with prefix suffix contains position instr "
    "strpos split string_split str_split split_part regexp_matches regexp_replace regexp_extract "
    "regexp_extract_all regexp_full_match like_escape ilike_escape not_like_escape not_ilike_escape format "
    "printf chr ascii unicode md5 strip_accents levenshtein damerau_levenshtein jaccard jaro_similarity "
    "jaro_winkler_similarity translate bar"
)
_TIME = words(
    "date_trunc datetrunc date_part datepart date_diff datediff date_sub datesub date_add age year month day "
    "quarter week weekofyear yearweek weekday dayofweek dayofmonth dayofyear dayname monthname isodow isoyear "
    "hour minute second epoch epoch_ms last_day days_in_month make_date make_timestamp strftime strptime "
    "try_strptime time_bucket timezone to_days to_weeks to_months to_quarters to_years to_hours to_minutes "
    "to_seconds today now current_date get_current_timestamp ago"
)
_LISTS = words(
    "list_value list_pack array_value row struct_pack struct_extract map list_extract list_element array_extract "
    "list_slice array_slice list_contains list_has array_contains list_position list_sort list_reverse_sort "
    "list_reverse list_distinct list_unique list_concat list_append list_prepend list_filter list_transform "
    "list_apply list_zip list_sum list_avg list_min list_max list_count list_median list_first list_last "
    "list_string_agg list_aggregate list_aggr array_length array_to_string flatten range generate_series unnest "
    "typeof"
)
_WINDOWS = words(
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value fill"
)

# Aggregates that add up or compare nothing: over money of several currencies they are harmless.
COUNTING = words(
    "count count_star count_if countif approx_count_distinct any_value arbitrary first last string_agg listagg "
    "group_concat bool_and bool_or regr_count"
)
AGGREGATES = COUNTING | words(
    "sum sum_no_overflow fsum kahan_sum sumkahan avg mean favg wavg weighted_avg min max arg_max arg_min argmax "
    "argmin max_by min_by median mode mad quantile quantile_cont quantile_disc approx_quantile "
    "reservoir_quantile list array_agg histogram approx_top_k product geomean geometric_mean stddev stddev_pop "
    "stddev_samp var_pop var_samp variance skewness kurtosis entropy sem corr covar_pop covar_samp regr_slope "
    "regr_intercept regr_r2 regr_avgx regr_avgy bit_and bit_or bit_xor"
)
SCALARS = _OPERATORS | _LOGIC | _NUMBERS | _TEXT | _TIME | _LISTS | _WINDOWS
ALLOWED = SCALARS | AGGREGATES
TABLE_FUNCTIONS = words("range generate_series unnest")
