-- A mean lies in its own interval, and the interval of a share between 0 and 1.
select experiment_id, metric, group_id, mean_low, mean, mean_high
from {{ ref('scorecard') }}
where not (mean between mean_low and mean_high)
  or (kind = 'share' and not (mean_low >= 0 and mean_high <= 1))
