import type { Config } from '../../lib/config/configSchema.ts';
import { sourceName } from '../../lib/views/sourceName.ts';
import type { PasteReady } from './Sheet.ts';

/**
 * Three data marts for OWOX: rows that a spreadsheet takes as they are. OWOX names no database when it asks and puts
 * a mart in brackets behind FROM, so tables carry theirs and there is no semicolon at the end.
 */
export function owoxQuestions(config: Pick<Config, 'database'>): readonly PasteReady[] {
  const events = sourceName(config, 'product_events');
  const first = sourceName(config, 'first_exposures');
  const daily = sourceName(config, 'daily_exposures');
  return [
    {
      name: 'Units by experiment, group and day',
      about: 'How many users each group of each experiment had, day by day, over the last 90 days.',
      sql: `SELECT
  ds AS day,
  experiment_id,
  group_id,
  units AS users,
  exposures
FROM ${daily}
WHERE ds >= date_add('day', -90, current_date)
  AND unit_type = 'user_id'
  AND NOT is_gate
ORDER BY day, experiment_id, group_id`,
    },
    {
      name: 'Events by day and country',
      about: 'What happened how often, by how many users, and worth how much, over the last 90 days.',
      sql: `SELECT
  ds AS day,
  event_name,
  COALESCE(country, 'unknown') AS country,
  count(*) AS events,
  count(DISTINCT user_id) AS users,
  round(sum(value_number), 2) AS total_value
FROM ${events}
WHERE ds >= date_add('day', -90, current_date)
GROUP BY 1, 2, 3
ORDER BY day, events DESC, event_name`,
    },
    {
      name: 'Users with their groups and what they did since',
      about:
        'A row for each user and experiment: the group, since when, and events and value of the last 90 days after it. Who saw two groups is left out.',
      sql: `SELECT
  f.unit_id AS user_id,
  f.experiment_id,
  f.group_id,
  f.first_day,
  count(e.event_id) AS events,
  count_if(e.value_number IS NOT NULL) AS events_with_value,
  round(COALESCE(sum(e.value_number), 0), 2) AS total_value
FROM ${first} AS f
LEFT JOIN ${events} AS e
  ON e.user_id = f.unit_id
  AND e."timestamp" >= f.ts
  AND e.ds >= date_add('day', -90, current_date)
WHERE f.unit_type = 'user_id'
  AND NOT f.is_gate
  AND f.groups_seen = 1
GROUP BY 1, 2, 3, 4
ORDER BY experiment_id, group_id, user_id`,
    },
  ];
}
