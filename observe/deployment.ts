import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { runStatement } from '../lib/aws/athenaStatements.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import type { RetryPorts } from '../lib/base/retry.ts';
import { systemTiming } from '../lib/base/retry.ts';
import type { QueryRow } from '../lib/base/sql.ts';
import type { Clock } from '../lib/base/time.ts';
import type { ConfiguredTarget } from './target.ts';

/** Errors of questions about a deployment. */
export const ObserveError = defineErrorFamily('user', {
  SLUICE_OBSERVE_QUERY_FAILED: {
    cause: 'Athena did not answer the query.',
    cure: 'Read the detail. Use credentials that may run queries in the workgroup and read the tables: docs/readers.md.',
  },
  SLUICE_OBSERVE_QUERY_STOPPED: {
    cause: 'Athena had not answered the query when its time was over, and the query was stopped.',
    cure: 'Ask again. If it stays: the workgroup may run many queries at once, or the days that are asked for have very many rows.',
  },
  SLUICE_OBSERVE_TOO_MANY_ROWS: {
    cause: 'The answer has more rows than a command reads.',
    cure: 'Ask for fewer days.',
  },
  SLUICE_OBSERVE_CURSOR_UNKNOWN: {
    cause: 'The place to go on from is not one that an answer has named.',
    cure: 'Pass `next` of an answer as `after`, with the other options as they were. Without `after` the list begins again.',
  },
  SLUICE_OBSERVE_OUTPUT_MISSING: {
    cause: 'The deployed stack has no output of this name.',
    cure: 'Deploy it with this version.',
  },
  SLUICE_OBSERVE_FILES_UNREAD: {
    cause:
      'This machine could not count the rows in the files of quarantine, which it does while Athena does not answer.',
    cure: 'Read the detail. Of too many or too large files: ask again once Athena answers, which counts all. Of a folder that is full or cannot be written: set TMPDIR to another. Of a file that is no Parquet: delete its version: `SLUICE_FINDING_FILE_DAMAGED` has the command.',
  },
  SLUICE_OBSERVE_LOCAL_UNREADABLE: {
    cause: 'The local cloud did not answer a question about itself.',
    cure: 'Start the local cloud (`npm start`), again if it is of another version. If it listens on another port, add --endpoint-url http://127.0.0.1:PORT.',
  },
});

/** What a machine keeps of its last look at a deployment. */
export interface MachineNotes {
  /** What the last look has written; undefined before the first, or if it cannot be read. */
  read(): unknown;
  /** Replaces it. A machine that cannot write keeps nothing. */
  write(note: unknown): void;
}

/** A queue of the stack. */
export interface Queue {
  /** Address of the queue, as SQS's client takes it. */
  readonly QueueUrl: string | undefined;
  /** ARN of the queue. */
  readonly arn: string;
  /** About how many messages it has, hidden ones too. */
  readonly messages: number;
  /** About how many of these are hidden, as a run has received them. */
  readonly hidden: number;
  /** Its attributes that work depends on, as SQS tells them; those that it does not have are left out. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** A deployment or the local cloud, for functions that answer questions about it. Both speak the same AWS protocols. */
export interface Deployment extends ConfiguredTarget, RetryPorts {
  /** The time of the deployment, epoch milliseconds: the local cloud's clock can be moved. */
  readonly now: number;
  /** The clock of this machine, which limits waiting. */
  readonly clock: Clock;
  readonly athena: AthenaClient;
  readonly cloudwatch: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  readonly glue: GlueClient;
  readonly sqs: SQSClient;
  /** Endpoint of the local cloud, whose control API knows what AWS does not tell; undefined for a deployment. */
  readonly localControl: string | undefined;
  /** The client for the deployment's own bucket. */
  readonly s3: S3Client;
  /** Aborted when nobody waits for the answer any longer. Default: somebody always does. */
  readonly signal?: AbortSignal;
  /** Called with the key of an object of the ledger that has no valid entry, which then counts as none. Default: reading it fails. */
  readonly onDamaged?: (key: string) => void;
  /** Called with each queue of the stack that is read, and its name without the stack's. Default: nobody looks at it besides. */
  readonly onQueue?: (part: string, queue: Queue) => void;
  /** What this machine keeps of its looks at the deployment; default nothing. */
  readonly notes?: MachineNotes;
  /** Closes the clients. Whoever opened the deployment calls it. */
  close(): void;
}

/** Reads one part of a deployment, which `question` asks for; null, and a reason among the unread parts, if that is not possible. */
export type AskPart<Part extends string = string> = <Answer>(
  part: Part,
  question: (deployment: Deployment) => Promise<Answer>,
) => Promise<Answer | null>;

/**
 * Attempts for one call. Most calls change nothing more if they are repeated. Of the others, SendMessage makes work twice, which
 * has one result; PurgeQueue and StartMessageMoveTask are refused the second time, which their callers explain or take for done.
 */
const MAX_ATTEMPTS = 4;

/**
 * Opens the clients of a deployment.
 *
 * @param aws As AWS clients take it.
 */
export function openDeployment(
  about: Pick<Deployment, 'config' | 'stack' | 'isLocal' | 'now'>,
  aws: Deployment['aws'],
): Deployment {
  const options = { ...aws, maxAttempts: MAX_ATTEMPTS };
  const clients = {
    athena: new AthenaClient(options),
    cloudwatch: new CloudWatchClient(options),
    logs: new CloudWatchLogsClient(options),
    glue: new GlueClient(options),
    sqs: new SQSClient(options),
    // A bucket in another region is asked there, so that a finding can name the region.
    s3: new S3Client({
      ...options,
      followRegionRedirects: true,
      ...(about.isLocal ? { forcePathStyle: true } : {}),
    }),
  };
  return {
    ...about,
    localControl: about.isLocal ? aws.endpoint : undefined,
    aws,
    ...clients,
    ...systemTiming,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** Time limit of a query. */
const QUERY_MS = 300_000;

/** The rows of a query, by column name, and the bytes that Athena read for them. */
export interface QueryAnswer {
  readonly rows: readonly QueryRow[];
  readonly scannedBytes: number;
}

/**
 * Runs a query in the configured workgroup and database.
 *
 * @param sql In Athena's dialect.
 * @throws ObserveError; what Athena's client throws.
 */
export async function askAthena(
  {
    athena,
    config,
    clock,
    wait,
    random,
    signal,
  }: Pick<Deployment, 'athena' | 'config' | 'clock' | 'wait' | 'random' | 'signal'>,
  sql: string,
): Promise<QueryAnswer> {
  const outcome = await runStatement(athena, sql, {
    workGroup: config.athena.workgroup,
    database: config.database,
    deadlineMs: QUERY_MS,
    clock,
    wait,
    random,
    ...(signal === undefined ? {} : { signal }),
  });
  if ('failed' in outcome) {
    const code = outcome.isStopped ? 'SLUICE_OBSERVE_QUERY_STOPPED' : 'SLUICE_OBSERVE_QUERY_FAILED';
    throw new ObserveError(code, outcome.failed);
  }
  if (outcome.hasMore) throw new ObserveError('SLUICE_OBSERVE_TOO_MANY_ROWS');
  const { columns, rows, scannedBytes } = outcome;
  return {
    rows: rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]))),
    scannedBytes,
  };
}
