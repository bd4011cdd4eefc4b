import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { resources } from '../../../infra/resources.ts';
import { deliveryLogGroup } from '../../../infra/streams/streams.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { parseJson } from '../../../lib/base/json.ts';
import { counted } from '../../../lib/base/text.ts';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { metricsOf } from '../../../lib/reconcile/hourCounts.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere, isDenial, isOfKey } from '../../explainAwsError.ts';
import { functionLog, readLog } from '../../readLog.ts';
import { readQueue } from './relayCopies.ts';

/** Pages of a log that are read. */
const MOST_PAGES = 20;
/** The last hours of a log are read first: between two hourly runs, and some retries. */
const RECENT_MS = 2 * HOUR_MS;
const PERIOD_MS = 300_000;

const text = z.string().optional().catch(undefined);
const parts = z.array(z.object({ code: z.string(), message: text })).catch([]);
const amount = z.number().optional().catch(undefined);
const runMetrics = z
  .object({ durationMs: amount, memorySizeMB: amount, maxMemoryUsedMB: amount })
  .optional()
  .catch(undefined);
/**
 * An error in the log of a function of ours, Lambda's report of a run that did not end well
 * (https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html), and Firehose's line about a delivery
 * (https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html).
 */
const failureLine = z.object({
  event: text,
  code: text,
  detail: text,
  error: text,
  errorCode: text,
  message: text,
  failed: parts,
  tables: z.array(z.object({ failed: parts })).catch([]),
  problems: z.array(z.string()).catch([]),
  record: z.object({ status: z.string(), errorType: text, metrics: runMetrics }).optional().catch(undefined),
});

/** Events of lines about what an object holds, or about a customer's receipt: the run went on. */
const RUN_WENT_ON = /^(write_(damaged|refused)|ingest_receipt)$/;

/** Codes of a denial that a customer ends: no policy of the function's own role denies. */
const DENIED_BY_CUSTOMER = /^SLUICE_(SOURCE|RECEIPT|EXPORT)_(ACCESS|KEY|ROLE)_DENIED\b/;

type FailureLine = z.output<typeof failureLine>;

/** How Lambda says that a run did not end well. */
const ENDS = ['timeout', 'error', 'failure'];

/** The part that is no function: the stream. */
const STREAM = 'landing';

/**
 * How work failed. `timedOut`, `processEnded`: Lambda ended the run for its time, or its process ended, most often for want of memory.
 * `throttled`: Lambda did not begin the run. `denied`: AWS denied a call to the
 * function's role. `error`: the code of ours, or the delivery of the stream, has
 * said another error.
 */
export type FailureKind = 'timedOut' | 'processEnded' | 'throttled' | 'denied' | 'error';

/** What a function, or the delivery of the stream, failed with last. */
export interface LastFailure {
  /** Time, code and detail in words: `2026-11-20T12:00:00.000Z: SLUICE_X: detail.` */
  readonly text: string;
  /** What the cure follows. */
  readonly kind: FailureKind;
  /** SLUICE_…, AWS's name of the error, or Lambda's type of it; null of what has only words. */
  readonly code: string | null;
  /** Whether AWS refused a call because of a key of KMS that is not a customer's. */
  readonly isByKey: boolean;
}

/** An error in a line of a log. */
interface Reason {
  /** As {@link LastFailure.code}. */
  readonly code: string | null;
  /** Code and detail in words. */
  readonly text: string;
  /** As {@link LastFailure.kind}. */
  readonly kind: Exclude<FailureKind, 'throttled' | 'denied'>;
}

/**
 * What a function, or the delivery of the stream (`landing`), failed with last.
 *
 * @param since From when on it is looked for, epoch milliseconds.
 * @returns Null if nothing tells: 20 pages of the log are read.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and its logs throw.
 */
export async function readLastFailure(
  deployment: Pick<Deployment, 'logs' | 'cloudwatch' | 'stack' | 'now'>,
  part: string,
  since: number,
): Promise<LastFailure | null> {
  const { logs, stack, now } = deployment;
  const ends = ENDS.map((status) => `$.record.status = "${status}"`).join(' || ');
  const log =
    part === STREAM
      ? { group: deliveryLogGroup(stack), filterPattern: '' }
      : {
          group: functionLog(stack, part),
          filterPattern: `{ $.level = "error" || ${ends} }`,
        };
  for (const startTime of new Set([Math.max(since, now - RECENT_MS), since])) {
    const { events } = await readLog({ logs }, { ...log, times: [{ startTime }], mostPages: MOST_PAGES / 2 });
    for (const { timestamp = 0, message = '' } of events.toSorted(byTime).toReversed()) {
      const reason = reasonOf(message);
      if (reason === null) continue;
      const { code } = reason;
      const isOfCustomer = DENIED_BY_CUSTOMER.test(code ?? '');
      const isDenied = reason.kind === 'error' && !isOfCustomer && isDenial(reason.text);
      const kind = isDenied ? 'denied' : reason.kind;
      const isByKey = !isOfCustomer && isOfKey(reason.text);
      return { text: failureText(timestamp, reason), kind, code, isByKey };
    }
  }
  return part === STREAM ? null : readThrottled(deployment, part, since);
}

/** Collectors in use read keys every five minutes at least, after a failure every minute. */
const KEYS_MS = 10 * MINUTE_MS;

/**
 * The error with which collectors failed to read the keys' secret last, as the text of {@link LastFailure}, but for what the secret itself
 * shows; null if a collector has read it since, or if none has tried for ten minutes.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readKeysFailure(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
): Promise<string | null> {
  const { events } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: '{ $.event = "keys" }',
    times: [{ startTime: deployment.now - KEYS_MS }],
    mostPages: MOST_PAGES,
  });
  const { timestamp = 0, message = '' } = events.toSorted(byTime).at(-1) ?? {};
  const reason = reasonOf(message);
  // Problems without a code are of entries in the secret.
  if (reason === null || reason.code === null || OF_SECRET.test(reason.text)) return null;
  return failureText(timestamp, reason);
}

/** Names of errors that whoever reads the secret sees as well: they are over once it is valid. */
const OF_SECRET = /_INVALID|InvalidRequest|NotFound/;

const byTime = (a: FilteredLogEvent, b: FilteredLogEvent) => (a.timestamp ?? 0) - (b.timestamp ?? 0);

function failureText(at: number, { text }: Reason): string {
  return `${isoTimestamp(at)}: ${text.replace(/\.?$/, '.')}`;
}

function reasonOf(message: string): Reason | null {
  const { data } = failureLine.safeParse(parseJson(message));
  if (data === undefined || RUN_WENT_ON.test(data.event ?? '')) return null;
  const { record, detail, tables, problems } = data;
  if (record !== undefined) return endOf(record);
  const code = data.code ?? data.errorCode ?? data.error;
  const named =
    code === undefined
      ? []
      : [{ code, message: detail ?? data.message ?? (code === data.error ? '' : data.error) }];
  const all = [...named, ...[data, ...tables].flatMap(({ failed }) => failed)];
  const [first] = all;
  if (first !== undefined) {
    const { code, message: more = '' } = first;
    return { code, text: more === '' ? code : `${code}: ${more}`, kind: 'error' };
  }
  const [problem] = problems;
  return problem === undefined ? null : { code: null, text: problem, kind: 'error' };
}

/** The share of its memory that a process has used which was most likely killed for want of it. */
const FULL = 0.95;

/** How Lambda says that a run ended: it was too slow, used up its memory, was killed, or threw. */
function endOf({ status, errorType = status, metrics = {} }: NonNullable<FailureLine['record']>): Reason {
  const { durationMs, memorySizeMB, maxMemoryUsedMB } = metrics;
  const used =
    memorySizeMB === undefined || maxMemoryUsedMB === undefined
      ? ''
      : `, with ${maxMemoryUsedMB} of ${memorySizeMB} MB used`;
  const after = durationMs === undefined ? '' : ` after ${Math.round(durationMs / 1_000)} s`;
  if (status === 'timeout')
    return { code: errorType, text: `Task timed out${after}${used}`, kind: 'timedOut' };
  // Lambda's own types: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
  if (!/^(Runtime|Sandbox|Extension)\.|^(error|failure)$/.test(errorType))
    return { code: errorType, text: `${errorType}: it threw${used}`, kind: 'error' };
  const isFull = /OutOfMemory/.test(errorType) || (maxMemoryUsedMB ?? 0) >= FULL * (memorySizeMB ?? Infinity);
  const why = `its process ended, ${isFull ? '' : 'most often '}out of memory`;
  return { code: errorType, text: `${errorType}: ${why}${used}`, kind: 'processEnded' };
}

/** Invocations that Lambda has not begun leave no line in the log. */
async function readThrottled(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
  part: string,
  since: number,
): Promise<LastFailure | null> {
  const { stack, now } = deployment;
  const series = await readMetricData(
    deployment,
    [metricsOf('AWS/Lambda', { FunctionName: partName(stack, part) })('Throttles')],
    { start: Math.floor(since / PERIOD_MS) * PERIOD_MS, end: now, periodSeconds: PERIOD_MS / 1_000 },
  );
  const throttled = [...(series.get('Throttles') ?? [])]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => b - a);
  const count = throttled.reduce((sum, [, count]) => sum + count, 0);
  const [last] = throttled;
  if (last === undefined) return null;
  const text = `${isoTimestamp(last[0])}: Lambda throttled ${counted(count, 'invocation')}.`;
  return { text, kind: 'throttled', code: null, isByKey: false };
}

/** SQS's metrics come every minute, some minutes late. */
const METRIC_MS = 15 * MINUTE_MS;
const DEAD_LETTERS = '-dead-letters';

/** Messages that a function failed with on every try, or that could not be sent to its queue. */
export interface DeadLetters {
  /** The function. Its log and its queue have the name too. */
  readonly part: string;
  /** Name of the queue. */
  readonly queue: string;
  /** ARN of the queue. */
  readonly arn: string;
  /** About. */
  readonly messages: number;
  /** Time at which the oldest message became a dead letter, ISO 8601; null if SQS does not say it. */
  readonly since: string | null;
}

/**
 * The dead-letter queues of the configuration that are not empty.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of SQS and CloudWatch throw.
 */
export async function readDeadLetters(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<readonly DeadLetters[]> {
  const { stack, config } = deployment;
  const prefix = partName(stack, '');
  const parts = Object.values(resources({ ...stack, config }).Resources).flatMap(({ Type, Properties }) => {
    const name = Type === 'AWS::SQS::Queue' ? Properties?.['QueueName'] : undefined;
    return typeof name === 'string' && name.endsWith(DEAD_LETTERS) ? [name.slice(prefix.length)] : [];
  });
  const found = parts.map(async (part) => {
    // A queue that is configured may not be deployed yet.
    const queue = await ifThere(readQueue(deployment, part));
    return queue === undefined || queue.messages === 0 ? [] : { queue: `${prefix}${part}`, ...queue };
  });
  const queues = (await Promise.all(found)).flat();
  // For a dead-letter queue, the age is the time since a message was moved there.
  const ages = await readOldest(
    deployment,
    queues.map(({ queue }) => queue),
  );
  return queues.map(({ queue, arn, messages }) => ({
    part: queue.slice(prefix.length, -DEAD_LETTERS.length),
    queue,
    arn,
    messages,
    since: ages.get(queue) ?? null,
  }));
}

/**
 * Since when the oldest message of each queue waits, ISO 8601, by the queue's name; none of queues of which SQS does not tell. It leaves
 * out messages that were received more than three times:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readOldest(
  deployment: Pick<Deployment, 'cloudwatch' | 'now'>,
  queues: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { now } = deployment;
  if (queues.length === 0) return new Map();
  const ageOf = (queue: string) =>
    metricsOf('AWS/SQS', { QueueName: queue })('ApproximateAgeOfOldestMessage', 'Maximum', queue);
  const ages = await readMetricData(deployment, queues.map(ageOf), {
    start: now - METRIC_MS,
    end: now + MINUTE_MS,
  });
  const newest = [...ages].flatMap(([queue, values]) => {
    const [newest] = [...values].sort(([a], [b]) => b - a);
    return newest === undefined ? [] : [[queue, isoTimestamp(newest[0] - newest[1] * 1_000)] as const];
  });
  return new Map(newest);
}
