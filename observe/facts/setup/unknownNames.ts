import { quoteText } from '../../../lib/base/sql.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { namesClause } from '../../../lib/views/assignments.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { HASHED_PATTERN } from '../../../lib/wire/experimentNames.ts';
import { askAthena } from '../../deployment.ts';
import type { Setup } from './Setup.ts';

/** Hashes that are named, the most frequent first. */
const MOST_HASHES = 10;
/** Days that are read, today among them. */
const DAYS = 8;

/** Experiments that browsers sent hashed and that the views do not resolve, one a line. */
export async function readUnknownNames(setup: Setup): Promise<readonly string[]> {
  const { rows } = await setup.ask('athena:StartQueryExecution', () =>
    askAthena(setup, unknownSql(setup.config, setup.now)),
  );
  return rows.map(
    ({ experiment_id: sent, layer_id: layer, row_count: count }) =>
      `${sent} of the layer ${layer}: ${count === '1' ? '1 row' : `${count} rows`}.`,
  );
}

/** Rows by hash that the views do not resolve. */
function unknownSql(config: Config, now: number): string {
  return `${namesClause(config)}SELECT "experiment_id", max("layer_id") AS "layer_id", count(*) AS "row_count"
FROM ${qualifiedName(config, config.tables.exposures)}
LEFT JOIN "real_names" ON "hash" = "experiment_id"
WHERE "ds" BETWEEN DATE '${addDays(utcDay(now), 1 - DAYS)}' AND DATE '${addDays(utcDay(now), 1)}'
  AND "exposure_type" = 'layer' AND "allocated_experiment" IS NOT NULL
  AND regexp_like("experiment_id", ${quoteText(HASHED_PATTERN)}) AND "real_name" IS NULL
GROUP BY "experiment_id"
ORDER BY count(*) DESC, "experiment_id"
LIMIT ${MOST_HASHES}`;
}
