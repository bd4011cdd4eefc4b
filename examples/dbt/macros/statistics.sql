{# The two-sided p-value of a standard normal deviate. #}
{% macro two_sided(z) -%}
  2 * normal_cdf(0, 1, -abs({{ z }}))
{%- endmacro %}

{#
  The probability of a chi-square statistic of at least `x`, by its series, which is finite: exact for up to `most` degrees
  of freedom, null beyond. https://dlmf.nist.gov/8.4 (equations 10 and 14)
#}
{% macro chi_square_upper_tail(x, degrees, most=9) -%}
  case {{ degrees }}
  {%- for k in range(1, most + 1) %}
    {%- set terms = [] %}
    {%- if k % 2 == 0 %}
      {%- set ns = namespace(factorial=1) %}
      {%- for i in range(k // 2) %}
        {%- if i > 0 %}{% set ns.factorial = ns.factorial * i %}{% endif %}
        {%- do terms.append('power((' ~ x ~ ') / 2e0, ' ~ i ~ ') / ' ~ ns.factorial ~ 'e0') %}
      {%- endfor %}
    when {{ k }} then exp(-({{ x }}) / 2e0) * ({{ terms | join(' + ') }})
    {%- else %}
      {%- set ns = namespace(odd=1) %}
      {%- for i in range(1, (k + 1) // 2) %}
        {%- set ns.odd = ns.odd * (2 * i - 1) %}
        {%- do terms.append('power(' ~ x ~ ', ' ~ i ~ ' - 0.5e0) / ' ~ ns.odd ~ 'e0') %}
      {%- endfor %}
    when {{ k }} then 2 * normal_cdf(0, 1, -sqrt({{ x }}))
      {%- if terms %} + 2 * exp(-({{ x }}) / 2e0) / sqrt(2 * pi()) * ({{ terms | join(' + ') }}){% endif %}
    {%- endif %}
  {%- endfor %}
  end
{%- endmacro %}
