import { assignmentSource, metricSource } from '../../cli/connect/statsigSources.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Tried } from './Tried.ts';

/** Statsig's date macros, filled in. */
const loaded = (sql: string) =>
  sql
    .replaceAll('{statsig_start_date}', "DATE '2026-11-18'")
    .replaceAll('{statsig_end_date}', "DATE '2026-11-19'");

/**
 * Queries over the sources that `sluice connect statsig` prints: a preview, and exposures and values by day. Statsig's
 * own queries are not public; these have the shape that its documentation shows.
 * https://docs.statsig.com/statsig-warehouse-native/configuration/assignment-sources and /metric-sources
 */
export function statsigQueries(config: Config): readonly Tried[] {
  const assignments = loaded(assignmentSource(config).sql);
  const metrics = loaded(metricSource(config).sql);
  return [
    {
      about: 'assignment source: exposures by group and day',
      sql: `WITH source AS (${assignments}) SELECT CAST("timestamp" AS date) AS day, "experiment_id", "group_id", count(DISTINCT "user_id") AS units FROM source GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      types: ['date', 'varchar', 'varchar', 'bigint'],
      rows: [
        ['2026-11-18', 'checkout_button', 'control', '1'],
        ['2026-11-18', 'checkout_button', 'treatment', '1'],
        ['2026-11-18', 'new_nav', 'everyone:Pass', '1'],
        ['2026-11-19', 'checkout_button', 'treatment', '1'],
      ],
    },
    {
      about: 'metric source: values by unit after its first exposure',
      sql: `WITH assignments AS (${assignments}), metrics AS (${metrics}), first AS (SELECT "user_id", min("timestamp") AS ts FROM assignments WHERE "experiment_id" = 'checkout_button' GROUP BY 1 HAVING count(DISTINCT "group_id") = 1) SELECT m."user_id", sum(m."value_number") AS total, count(*) AS events FROM first AS f JOIN metrics AS m ON m."user_id" = f."user_id" AND m."timestamp" >= f.ts GROUP BY 1 ORDER BY 1`,
      types: ['varchar', 'double', 'bigint'],
      rows: [
        ['u1', '19.5', '2'],
        ['u2', '40.0', '1'],
        ['u3', null, '1'],
      ],
    },
  ];
}
