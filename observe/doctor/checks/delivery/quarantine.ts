import { systemTiming } from '../../../../lib/base/retry.ts';
import { addDays, DAY_MS, isoTimestamp, utcDay } from '../../../../lib/base/time.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import { qualifiedName } from '../../../../lib/views/View.ts';
import { sluiceCommand } from '../../../commands.ts';
import { explainAwsError } from '../../../explainAwsError.ts';
import { askAthena, ObserveError } from '../../../place.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { CheckImpossible, finding } from '../../findings.ts';
import type { Check } from '../../runChecks.ts';

/** Reasons that are named, the most frequent first. */
const MOST_REASONS = 10;

/** What is in quarantine since yesterday. */
export const quarantine: Check = {
  name: 'quarantine',
  expects: 'nothing that was received within 24 hours is in quarantine',
  needs: ['tables'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_QUARANTINED', 'SLUICE_DOCTOR_QUARANTINE_UNREAD'],
  permissions: ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
  async run(doctor) {
    const [{ athena }, config, now] = [await doctor.clients(), await doctor.config(), await doctor.now()];
    try {
      const { rows } = await doctor.ask('athena:StartQueryExecution', () =>
        askAthena({ athena, config, ...systemTiming }, reasonsSql(config, now)),
      );
      return await Promise.all(
        rows.map(async ({ reason, row_count: count }) =>
          finding('SLUICE_DOCTOR_QUARANTINED', `${reason}: ${count === '1' ? '1 row' : `${count} rows`}.`, [
            await redriveCommand(doctor, reason ?? ''),
          ]),
        ),
      );
    } catch (error) {
      return [finding('SLUICE_DOCTOR_QUARANTINE_UNREAD', queryProblem(error))];
    }
  },
};

/** What Athena said: of the query, or of its workgroup. @throws The error again, if it is something else. */
export function queryProblem(error: unknown): string {
  if (error instanceof ObserveError) return error.detail ?? error.message;
  const problem = error instanceof CheckImpossible ? undefined : explainAwsError(error);
  if (problem?.kind !== 'answered') throw error;
  return problem.detail;
}

/** Rows by reason. Only rows whose event is of yesterday, today or tomorrow are read, as in `sluice status`. */
function reasonsSql(config: Pick<Config, 'database' | 'tables'>, now: number): string {
  const since = isoTimestamp(now - DAY_MS)
    .replace('T', ' ')
    .replace('Z', '');
  return `SELECT "reason", count(*) AS "row_count"
FROM ${qualifiedName(config, config.tables.quarantine)}
WHERE "ds" BETWEEN DATE '${addDays(utcDay(now), -1)}' AND DATE '${addDays(utcDay(now), 1)}'
  AND "received_at" >= TIMESTAMP '${since}'
GROUP BY "reason"
ORDER BY count(*) DESC, "reason"
LIMIT ${MOST_REASONS}`;
}

/** Says what would be delivered, and delivers nothing. */
async function redriveCommand(doctor: DoctorContext, reason: string): Promise<string> {
  return sluiceCommand(await doctor.place(), ['redrive', '--reason', reason, '--dry-run']);
}
