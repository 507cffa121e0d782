{#
  ISO 4217 codes of money, with those that are no more in use, since books keep them. The variable
  freshbooks_currencies adds codes.
#}
{% macro currency_codes() -%}
    {{ return((
        'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF '
        ~ 'CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GGP '
        ~ 'GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY KES KGS KHR KMF KPW '
        ~ 'KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN '
        ~ 'NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS '
        ~ 'SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV '
        ~ 'WST XAF XAG XAU XCD XCG XDR XOF XPD XPF XPT XSU XUA YER ZAR ZMW ZWG ZWL '
        ~ 'ADP AFA ALK AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BOP BRB BRC BRE BRN BRR BUK BYB '
        ~ 'BYR CHC CSD CSJ CSK CYP DDM DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE GRD GWE GWP HRD IEP '
        ~ 'ILP ILR ISJ ITL LAJ LSM LTL LTT LUC LUF LUL LVL LVR MAF MGF MLF MRO MTL MTP MVQ MXP MZE MZM NIC NLG PEH PEI '
        ~ 'PES PLZ PTE RHD ROK ROL RUR SDD SDP SIT SKK SRG STD SUR TJR TMM TPE TRL UAK UGS UGW USS UYN UYP VEB VEF VNC '
        ~ 'XEU XFO XFU XRE YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWN ZWR'
    ).split() + (var('freshbooks_currencies') | map('upper') | list)) }}
{%- endmacro %}

{# Codes whose smallest unit is less than a hundredth (ISO 4217); freshbooks_hub/core/currencies.py has them too. #}
{% macro currencies_of_more_decimals() -%}
    {{ return(['BHD', 'CLF', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'UYW']) }}
{%- endmacro %}

{# Codes that have no smaller unit (ISO 4217). #}
{% macro currencies_without_decimals() -%}
    {{ return([
        'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
    ]) }}
{%- endmacro %}

{# Whether a code in capitals is one of a currency; null for null. #}
{% macro is_currency(code) -%}
    {{ code }} in {{ sql_list(currency_codes()) }}
{%- endmacro %}

{# A currency code, null when it is none. #}
{% macro known_currency(code) -%}
    case when {{ is_currency(code) }} then {{ code }} end
{%- endmacro %}
