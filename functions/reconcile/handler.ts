import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import wholeConfig from '#config';
import { runStatement } from '../../lib/aws/athenaStatements.ts';
import { clientLimits } from '../../lib/aws/clientLimits.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { errorText } from '../../lib/base/errors.ts';
import { failureFields, logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { MINUTE_MS, systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { environment, middy, startLine } from '../../lib/lambda/middlewares.ts';
import { ReconcileError } from '../../lib/reconcile/ReconcileError.ts';
import { type Reconciler, reconcileDays } from '../../lib/reconcile/reconcileDays.ts';

const config: FunctionConfig<'reconcile'> = wholeConfig;

/** Milliseconds that a look at the rows of a day may take. A night may need four looks. */
const LOOK_MS = 3 * MINUTE_MS;

/** Limits of each call. The client's own default is to wait for an answer as long as the function runs. */
const CALL_LIMITS = clientLimits({ answerMs: 30_000 });

/** A name: a text that is not empty. */
const name = z.string().min(1);

/** The function's environment, from serverless.yml. */
const schema = z.object({
  /** Name of the bucket with the landing and the table of received hours. */
  SLUICE_BUCKET: name,
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: name,
  /** Name of the collector, whose metrics are counted. */
  SLUICE_COLLECT: name,
  /** Name of the registrar, whose metrics are counted. */
  SLUICE_REGISTER: name,
  /** Name of the stream of the landing, whose metrics are counted. */
  SLUICE_STREAM: name,
  /** Seconds after which the events of a request are in queries. */
  SLUICE_AFTER_SECONDS: z.coerce.number().positive(),
});

/**
 * Judges whether what was accepted and what was finished agree, by hour and table, and keeps the table of received
 * hours. The schedule invokes it each night. It judges the last days again each time, so the next night makes up for a
 * night that failed.
 */
export const handler = middy<unknown, void>()
  .use(startLine())
  .use(environment(schema))
  .handler(async (_event, context) => {
    const env = context.environment;
    const cloudwatch = new CloudWatchClient({ requestHandler: CALL_LIMITS });
    const athena = new AthenaClient({ requestHandler: CALL_LIMITS });
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
        const answer = await rowsOf(athena, sql);
        if (typeof answer !== 'string') return answer;
        unread.push(answer);
        return null;
      },
      now: systemClock.now(),
    };
    try {
      await reconcileDays(reconciler, logLine);
      const [why] = unread;
      // The hours that could be judged are kept. The error raises the alarm about the others, which nothing else would
      // raise.
      if (why !== undefined) throw new ReconcileError('SLUICE_RECONCILE_ROWS_UNREAD', why);
    } catch (error) {
      // `sluice status` reads this line, because Lambda's own line has none of our codes.
      logLine({ level: 'error', event: 'reconcile', ...failureFields(error) });
      throw error;
    }
  });

/** The rows of a statement, or, as a text, why Athena gave none: then hours stay open. */
async function rowsOf(
  client: AthenaClient,
  sql: string,
): Promise<Awaited<ReturnType<Reconciler['ask']>> | string> {
  const { workgroup: workGroup } = config.athena;
  const options = { ...systemTiming, workGroup, database: config.database, deadlineMs: LOOK_MS };
  const failed = (error: unknown) => ({ failed: errorText(error) });
  const outcome = await runStatement(client, sql, options).catch(failed);
  if ('failed' in outcome) return outcome.failed;
  return outcome.hasMore ? 'more rows than are read' : outcome.rows;
}
