import * as z from 'zod';
import wholeConfig from '#config';
import { loadSession } from '../../lib/access/sessionPolicies.ts';
import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { customerBucket } from '../../lib/aws/customerBucket.ts';
import { customerReceipts } from '../../lib/aws/customerReceipts.ts';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { landingBucket } from '../../lib/aws/landingBucket.ts';
import { limitedSession, type OwnSession } from '../../lib/aws/ownSession.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { childEngine } from '../../lib/drops/engine/childEngine.ts';
import { IngestError } from '../../lib/drops/IngestError.ts';
import type { Loader, ScopedPorts } from '../../lib/drops/load/Loader.ts';
import { loadMessages } from '../../lib/drops/load/loadMessages.ts';
import type { Machine } from '../../lib/lambda/machine.ts';
import { machineHandler, machineSettings } from '../../lib/lambda/machineHandler.ts';
import type { Dataset, Source } from '../../lib/schema/sources.ts';

const config: FunctionConfig<'ingest-load'> = wholeConfig;

/** The function's environment, from serverless.yml and Lambda. */
const schema = z.object({
  /** Name of the bucket that rows and the ledger are written to. */
  SLUICE_BUCKET: z.string().min(1),
  /** ARN of the function's role, which the function assumes again for each load, limited to one dataset. */
  SLUICE_ROLE: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/),
  /** URL of this function's own queue, for the next piece of a day. */
  SLUICE_LOAD_QUEUE: z.string().min(1),
  ...machineSettings,
});

/** Settings of the load, from serverless.yml and Lambda. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * The load writes the days of customers' drops that the plan has queued to their tables. It fetches the files to
 * `/tmp`, where a process without credentials runs DuckDB on them.
 */
export const handler = machineHandler(schema, (machine, messages, settings) =>
  loadMessages(makeLoader(settings, machine), machine.invocation, messages, settings.SLUICE_TRIES),
);

/** Makes the ports of one invocation. */
function makeLoader(environment: Environment, machine: Machine): Loader {
  const { directory, limits, diskBytes, freeBytes } = machine;
  const { deadline } = machine.invocation;
  const { SLUICE_BUCKET: bucket } = environment;
  return {
    config,
    bucket,
    ...makePorts(bucket),
    scopedPorts: (source, dataset) => makeIsolatedPorts(environment, deadline, source, dataset),
    engine: childEngine(limits),
    limits,
    directory,
    freeBytes,
    diskBytes,
    tasks: taskQueue(sqsClient(), environment.SLUICE_LOAD_QUEUE, systemTiming),
    ...systemTiming,
    log: logLine,
  };
}

/** Makes ports that sign by a session; without one, by the function's role. */
function makePorts(bucket: string, session?: OwnSession): Omit<ScopedPorts, 'close'> {
  const { s3, glue } = session ?? { s3: s3Client(), glue: glueClient() };
  return {
    landing: landingBucket(s3, bucket),
    customerBucket: (source, dataset) => customerBucket(source, dataset, 'read', session),
    ledger: bucketLedger(s3, bucket),
    catalog: gluePartitionCatalog(glue),
    putReceipt: config.sources.some(({ receipt }) => receipt !== undefined)
      ? customerReceipts(session)
      : undefined,
  };
}

/** Makes ports that sign with the permissions of one dataset only: docs/ingest.md, "Isolation between customers". */
async function makeIsolatedPorts(
  from: Environment,
  deadline: number,
  source: Source,
  dataset: Dataset,
): Promise<ScopedPorts> {
  const { SLUICE_BUCKET: bucket, SLUICE_ROLE: roleArn } = from;
  const { encryption, existing } = config;
  const place = { bucket, encryption, keyArn: existing.keyArn };
  const session = await limitedSession({
    roleArn,
    deadline,
    name: `${source.name}-${dataset.name}`,
    policyIn: (account) => loadSession({ ...account, ...place }, config, source, dataset),
    refused: (detail, cause) => new IngestError('SLUICE_INGEST_SESSION_REFUSED', detail, { cause }),
  });
  return { ...makePorts(bucket, session), close: () => session.close() };
}
