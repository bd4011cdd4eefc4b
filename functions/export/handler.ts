import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { exportSession } from '../../lib/access/sessionPolicies.ts';
import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { exportBucket } from '../../lib/aws/exportBucket.ts';
import { glueClient } from '../../lib/aws/gluePartitionCatalog.ts';
import { landedTable } from '../../lib/aws/landedTable.ts';
import { limitedSession, type OwnSession } from '../../lib/aws/ownSession.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import type { QueueMessage } from '../../lib/base/queue.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { ExportError } from '../../lib/export/ExportError.ts';
import { type Exporter, exportMessages, type IsolatedExporter } from '../../lib/export/exportMessages.ts';
import { tableFiles } from '../../lib/export/LandedTable.ts';
import { exportLooks } from '../../lib/export/planExports.ts';
import { engineShare, makeWorkDirectory } from '../../lib/lambda/machine.ts';
import { endOf } from '../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';
import type { Attempts } from '../../lib/landing/catalog/catalogCalls.ts';
import { listedEntries } from '../../lib/ledger/ledgerStore.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { statsigFormats } from '../../lib/tables/exports/statsigFormat.ts';

const config: FunctionConfig<'export'> = wholeConfig;

/** No file begins this many milliseconds before the end: files under way, the manifest and the ledger need the time. */
const MARGIN_MS = 120_000;
/** No listing begins this many milliseconds before the end: a call to S3 or Glue may take 10 s and may be retried. */
const LAST_CALL_MS = 30_000;
/** A claim outlives the function by this many milliseconds, so that nobody takes over a day that is still being written. */
const LEASE_SLACK_MS = 60_000;

/** The function's environment, from serverless.yml and Lambda. */
const schema = z.object({
  /** Name of our bucket, which has the tables' files and the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the queue that this function works off, and that it puts its tasks on. */
  SLUICE_EXPORT_QUEUE: z.string().min(1),
  /** ARN of the function's role, which the function assumes again for each task, limited to one export. */
  SLUICE_ROLE: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/),
  /** MiB. Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().min(128),
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** Settings of the export, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * The export copies days of our tables to customers' buckets. Its queue has two kinds of messages: requests, which
 * schedules and `sluice export run` send to find days that are new or changed, and one task for each such day.
 */
export const handler = queueHandler(schema, (messages, context) =>
  exportAll(makeExporter(context.environment, endOf(context)), context.environment, messages),
);

/** Handles messages. Only a deployment with an export for Statsig has a folder and DuckDB for it. */
async function exportAll(
  exporter: Exporter,
  environment: Environment,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const formats = statsigFormats(config);
  if (formats.size === 0) return exportMessages(exporter, messages);
  const directory = await makeWorkDirectory(tmpdir());
  const { memoryMegabytes, threads } = engineShare(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  const limits = { memoryMegabytes, threads, temporaryDirectory: directory.path };
  try {
    return await exportMessages(
      {
        ...exporter,
        async rewriterOf({ name }) {
          const format = formats.get(name);
          if (format === undefined) return undefined;
          // DuckDB is not loaded, nor packaged, for files that are copied.
          const { statsigRewriter } = await import('../../lib/export/statsigFile.ts');
          return statsigRewriter(format, limits);
        },
      },
      messages,
    );
  } finally {
    await directory.remove();
  }
}

/** Makes the ports of one invocation. */
function makeExporter(from: Environment, endsAt: number): Exporter {
  const { SLUICE_BUCKET: bucket, SLUICE_EXPORT_QUEUE, SLUICE_STAGE: stage } = from;
  const attempts = { ...systemTiming, deadline: endsAt - LAST_CALL_MS };
  const store = s3ObjectStore(s3Client(), bucket);
  return {
    exports: config.exports,
    stage,
    clock: systemClock,
    ...makePorts(bucket, attempts),
    looks: exportLooks(store),
    entriesOf: listedEntries(store),
    isolate: (exported) => makeIsolatedPorts(from, exported, attempts),
    tasks: taskQueue(sqsClient(), SLUICE_EXPORT_QUEUE, systemTiming),
    newOwner: randomUUID,
    log: logLine,
    deadline: endsAt - MARGIN_MS,
    leaseUntil: endsAt + LEASE_SLACK_MS,
  };
}

/** Makes ports that sign by a session; without one, by the function's role. */
function makePorts(
  bucket: string,
  attempts: Attempts,
  session?: OwnSession,
): Pick<Exporter, 'ledger' | 'tableOf' | 'targetOf'> {
  const clients = session ?? { s3: s3Client(), glue: glueClient() };
  return {
    ledger: bucketLedger(clients.s3, bucket),
    tableOf: (table) =>
      landedTable(
        clients,
        {
          database: config.database,
          table,
          bucket,
          tableFiles: tableFiles(config, table),
          isKms: config.encryption === 'kms',
        },
        attempts,
      ),
    targetOf: (exported) => exportBucket(exported, attempts, session),
  };
}

/**
 * Makes the ports of one task, with the permissions of its export alone: an attacker who controls the task reaches no
 * other customer's table or bucket.
 */
async function makeIsolatedPorts(
  from: Environment,
  exported: Export,
  attempts: Attempts,
): Promise<IsolatedExporter> {
  const { SLUICE_BUCKET: bucket, SLUICE_ROLE: roleArn } = from;
  const { encryption, existing } = config;
  const place = { bucket, encryption, keyArn: existing.keyArn };
  const session = await limitedSession({
    roleArn,
    deadline: attempts.deadline,
    name: `export-${exported.name}`,
    policyIn: (account) => exportSession({ ...account, ...place }, config, exported),
    refused: (detail, cause) => new ExportError('SLUICE_EXPORT_SESSION_REFUSED', detail, { cause }),
  });
  return { ...makePorts(bucket, attempts, session), close: () => session.close() };
}
