import type { Config } from '../../lib/config/configSchema.ts';
import { sourceName } from '../../lib/views/sourceName.ts';
import type { PasteReady } from './Sheet.ts';

/** Three questions for Metabase's SQL editor: New > SQL query. */
export function metabaseQuestions(config: Pick<Config, 'database'>): readonly PasteReady[] {
  const events = sourceName(config, 'product_events');
  const first = sourceName(config, 'first_exposures');
  const daily = sourceName(config, 'daily_exposures');
  return [
    {
      name: 'Exposed users by day and group',
      about: 'Line chart, a line for each group: how an experiment fills up. Reads 30 days.',
      sql: `SELECT
  ds,
  experiment_id || ' / ' || group_id AS experiment_group,
  units AS users
FROM ${daily}
WHERE ds >= date_add('day', -30, current_date)
  AND unit_type = 'user_id'
  AND NOT is_gate
ORDER BY ds, experiment_group`,
    },
    {
      name: 'Split and crossovers',
      about:
        'Table: whether users are split as planned, and how many saw more than one group, which analyses leave out. Reads all days: which exposure was first, only all of them tell.',
      sql: `SELECT
  experiment_id,
  group_id,
  count(*) AS users,
  round(1e2 * count(*) / sum(count(*)) OVER (PARTITION BY experiment_id), 2) AS share_percent,
  count_if(groups_seen > 1) AS crossovers
FROM ${first}
WHERE unit_type = 'user_id'
  AND NOT is_gate
GROUP BY experiment_id, group_id
ORDER BY experiment_id, group_id`,
    },
    {
      name: 'Conversion by group',
      about:
        "Table: users of the last 30 days who bought after they saw their group, and what for. Put your own event in place of 'purchase'.",
      sql: `WITH purchases AS (
  SELECT user_id, "timestamp", value_number
  FROM ${events}
  WHERE ds >= date_add('day', -30, current_date)
    AND event_name = 'purchase'
)
SELECT
  f.experiment_id,
  f.group_id,
  count(DISTINCT f.unit_id) AS users,
  count(DISTINCT p.user_id) AS buyers,
  round(1e2 * count(DISTINCT p.user_id) / count(DISTINCT f.unit_id), 2) AS conversion_percent,
  round(COALESCE(sum(p.value_number), 0), 2) AS revenue
FROM ${first} AS f
LEFT JOIN purchases AS p
  ON p.user_id = f.unit_id
  AND p."timestamp" >= f.ts
WHERE f.unit_type = 'user_id'
  AND NOT f.is_gate
  AND f.groups_seen = 1
  AND f.first_day >= date_add('day', -30, current_date)
GROUP BY f.experiment_id, f.group_id
ORDER BY f.experiment_id, f.group_id`,
    },
  ];
}
