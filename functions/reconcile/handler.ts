import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import wholeConfig from '#config';
import { runStatement } from '../../lib/aws/athenaStatements.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { errorText } from '../../lib/base/errors.ts';
import { failureFields, logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { environment, middy, startLine } from '../../lib/lambda/middlewares.ts';
import { ReconcileError } from '../../lib/reconcile/ReconcileError.ts';
import { type Reconciler, reconcileDays } from '../../lib/reconcile/reconcileDays.ts';

const config: FunctionConfig<'reconcile'> = wholeConfig;

/** Most milliseconds of a look at the rows of a day, of which a night may need four. */
const LOOK_MS = 180_000;

const name = z.string().min(1);
const schema = z.object({
  SLUICE_BUCKET: name,
  SLUICE_STAGE: name,
  /** Names of what is counted. */
  SLUICE_COLLECT: name,
  SLUICE_REGISTER: name,
  SLUICE_STREAM: name,
  /** Seconds within which a request is in queries. */
  SLUICE_AFTER_SECONDS: z.coerce.number(),
});

/**
 * Judges whether what was accepted and what was finished agree, by hour and table, and keeps the table of received hours. The schedule
 * invokes it each night. It does the last days again each time: one night that fails is made up for by the next.
 */
export const handler = middy<unknown, void>()
  .use(startLine())
  .use(environment(schema))
  .handler(async (_event, context) => {
    const env = context.environment;
    const cloudwatch = new CloudWatchClient();
    const athena = new AthenaClient();
    const unread: string[] = [];
    const reconciler: Reconciler = {
      config,
      names: {
        stage: env.SLUICE_STAGE,
        collect: env.SLUICE_COLLECT,
        register: env.SLUICE_REGISTER,
        stream: env.SLUICE_STREAM,
      },
      afterMs: env.SLUICE_AFTER_SECONDS * 1_000,
      store: s3ObjectStore(s3Client(), env.SLUICE_BUCKET),
      readMetrics: (metrics, about) => readMetricData({ cloudwatch }, metrics, about),
      ask: async (sql) => {
        const answer = await ask(athena, sql);
        if (typeof answer !== 'string') return answer;
        unread.push(answer);
        return null;
      },
      now: systemClock.now(),
    };
    try {
      await reconcileDays(reconciler, logLine);
      const [why] = unread;
      // The hours that could be judged are kept. An alarm tells of the others: nothing else rings for them.
      if (why !== undefined) throw new ReconcileError('SLUICE_RECONCILE_ROWS_UNREAD', why);
    } catch (error) {
      // `sluice status` reads it: Lambda's own line has no code of ours.
      logLine({ level: 'error', event: 'reconcile', ...failureFields(error) });
      throw error;
    }
  });

/** The rows of a statement, or why Athena gives none: hours stay open then. */
async function ask(
  client: AthenaClient,
  sql: string,
): Promise<Awaited<ReturnType<Reconciler['ask']>> | string> {
  const { workgroup: workGroup } = config.athena;
  const how = { ...systemTiming, workGroup, database: config.database, deadlineMs: LOOK_MS };
  const failed = (error: unknown) => ({ failed: errorText(error) });
  const outcome = await runStatement(client, sql, how).catch(failed);
  if ('failed' in outcome) return outcome.failed;
  return outcome.hasMore ? 'more rows than are read' : outcome.rows;
}
