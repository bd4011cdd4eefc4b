{{ config(materialized='table') }}

-- The guardrail of every experiment: do the groups have the units that they should? Pearson's chi-square test
-- of the units that the scorecard counts: without crossovers. It is for one look at the end. `sluice check` may be looked at every day. A scorecard of an experiment with a mismatch says nothing.
with counted as (
  select
    listed.experiment_id,
    listed.group_id,
    listed.share,
    count_if(units.groups_seen = 1) as units,
    count_if(units.groups_seen > 1) as crossovers
  from {{ ref('experiment_groups') }} as listed
  left join {{ ref('experiment_units') }} as units
    on units.experiment_id = listed.experiment_id
    and units.group_id = listed.group_id
  group by listed.experiment_id, listed.group_id, listed.share
),

expected as (
  select
    *,
    sum(units) over (partition by experiment_id) * share / sum(share) over (partition by experiment_id) as expected_units
  from counted
),

tested as (
  select
    experiment_id,
    sum(units) as units,
    sum(crossovers) as crossovers,
    count(*) - 1 as degrees_of_freedom,
    min(expected_units) as least_expected,
    sum(power(units - expected_units, 2) / nullif(expected_units, 0)) as chi_square
  from expected
  group by experiment_id
),

judged as (
  select
    *,
    -- With fewer than 5 expected units in a group the test does not hold.
    if(least_expected >= 5, {{ chi_square_upper_tail('chi_square', 'degrees_of_freedom') }}) as p_value
  from tested
)

select
  experiment_id,
  units,
  crossovers,
  chi_square,
  p_value,
  case
    when p_value is null then 'too few units'
    when p_value < {{ var('mismatch_below') }} then 'mismatch'
    else 'as expected'
  end as verdict
from judged
