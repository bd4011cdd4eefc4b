import { systemTiming } from '../../../lib/base/retry.ts';
import { quoteText } from '../../../lib/base/sql.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { namesClause } from '../../../lib/views/assignments.ts';
import { qualifiedName } from '../../../lib/views/View.ts';
import { HASHED_PATTERN } from '../../../lib/wire/experimentNames.ts';
import { askAthena, ObserveError } from '../../deployment.ts';
import { explainAwsError } from '../../explainAwsError.ts';
import { CheckImpossible, finding } from '../../findings/catalogue.ts';
import type { Check } from '../runChecks.ts';

/** Hashes that are named, the most frequent first. */
const MOST_HASHES = 10;
/** Days that are read, today among them. */
const DAYS = 8;

/** Whether layers' experiments are known by name: browsers send them hashed. */
export const experiments: Check = {
  name: 'experiments',
  expects:
    'experiments that browsers sent hashed within a week are known by name, from the configuration or from pulled specs',
  needs: ['database'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_NAMES_UNKNOWN', 'SLUICE_STATUS_UNREADABLE'],
  permissions: ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
  async run(doctor) {
    const [{ athena }, config, now] = [await doctor.clients(), await doctor.config(), await doctor.now()];
    try {
      const { rows } = await doctor.ask('athena:StartQueryExecution', () =>
        askAthena({ athena, config, ...systemTiming }, unknownSql(config, now)),
      );
      return rows.map(({ experiment_id: sent, layer_id: layer, row_count: count }) =>
        finding(
          'SLUICE_DOCTOR_NAMES_UNKNOWN',
          `${sent} of the layer ${layer}: ${count === '1' ? '1 row' : `${count} rows`}.`,
        ),
      );
    } catch (error) {
      return [finding('SLUICE_STATUS_UNREADABLE', queryProblem(error))];
    }
  },
};

/** Returns Athena's message about the query or its workgroup. @throws Any other error again. */
function queryProblem(error: unknown): string {
  if (error instanceof ObserveError) return error.detail ?? error.message;
  const problem = error instanceof CheckImpossible ? undefined : explainAwsError(error);
  if (problem?.kind !== 'answered') throw error;
  return problem.detail;
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
