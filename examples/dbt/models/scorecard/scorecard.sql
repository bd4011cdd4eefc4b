{{ config(materialized='table', ha=true) }}

-- Means of each group with intervals, and their difference from the control group.
with measured as (
  select
    experiment_id,
    metric,
    kind,
    group_id,
    count(*) as units,
    sum(value) as total,
    avg(value) as mean,
    coalesce(var_samp(value), 0e0) as variance
  from {{ ref('unit_metrics') }}
  group by experiment_id, metric, kind, group_id
),

named as (
  select measured.*, listed.group_name, listed.is_control, variance / units as squared_error
  from measured
  join {{ ref('experiment_groups') }} as listed
    on listed.experiment_id = measured.experiment_id
    and listed.group_id = measured.group_id
),

compared as (
  select
    named.*,
    control.mean as control_mean,
    control.units as control_units,
    control.squared_error as control_squared_error,
    if(named.is_control, null, named.mean - control.mean) as difference,
    if(named.is_control, null, sqrt(named.squared_error + control.squared_error)) as error,
    if(named.is_control or control.mean = 0, null, named.mean / control.mean) as ratio
  from named
  left join named as control
    on control.experiment_id = named.experiment_id
    and control.metric = named.metric
    and control.is_control
),

tested as (
  select
    *,
    -- Of a ratio of two means, by the delta method.
    sqrt(squared_error + power(ratio, 2) * control_squared_error) / abs(control_mean) as ratio_error,
    if(error > 0, {{ two_sided('difference / error') }}) as p_value
  from compared
)

select
  experiment_id,
  metric,
  kind,
  group_id,
  group_name,
  is_control,
  units,
  total,
  mean,
  -- A share has no normal distribution near 0 and 1: Wilson's interval holds there.
  if(kind = 'share', wilson_interval_lower(cast(total as bigint), units, {{ var('z') }}), mean - {{ var('z') }} * sqrt(squared_error)) as mean_low,
  if(kind = 'share', wilson_interval_upper(cast(total as bigint), units, {{ var('z') }}), mean + {{ var('z') }} * sqrt(squared_error)) as mean_high,
  difference,
  difference - {{ var('z') }} * error as difference_low,
  difference + {{ var('z') }} * error as difference_high,
  ratio - 1 as lift,
  ratio - 1 - {{ var('z') }} * ratio_error as lift_low,
  ratio - 1 + {{ var('z') }} * ratio_error as lift_high,
  p_value,
  case
    when is_control then 'control'
    when units < {{ var('least_units') }} or control_units < {{ var('least_units') }} then 'too few units'
    when difference - {{ var('z') }} * error > 0 then 'higher'
    when difference + {{ var('z') }} * error < 0 then 'lower'
    else 'no difference seen'
  end as verdict
from tested
