-- The scorecard counts the units that the split was checked on, for every metric.
select scored.experiment_id, scored.metric, scored.units, checked.units as checked_units
from (
  select experiment_id, metric, sum(units) as units from {{ ref('scorecard') }} group by experiment_id, metric
) as scored
join {{ ref('split_check') }} as checked on checked.experiment_id = scored.experiment_id
where scored.units <> checked.units
