import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { deliveryLogGroup } from '../../../infra/streams/streams.ts';
import {
  type FunctionPart,
  functionWork,
  hiddenSeconds,
  workingParts,
} from '../../../infra/template/functionWork.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { unusedFunctions } from '../../../infra/template/unusedFunctions.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { parseJson } from '../../../lib/base/json.ts';
import { sum } from '../../../lib/base/sum.ts';
import { counted } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import { metricsOf } from '../../../lib/reconcile/hourCounts.ts';
import type { Deployment } from '../../deployment.ts';
import { type AnswerKind, failureKind, ifThere, isOfKey } from '../../explainAwsError.ts';
import { functionLog, readLog } from '../../readLog.ts';
import { readQueue } from './relayCopies.ts';

/** Pages of a log that are read. */
const MOST_PAGES = 20;
/** The last hours of a log are read first: between two hourly runs, and some retries. */
const RECENT_MS = 2 * HOUR_MS;

const text = z.string().optional().catch(undefined);
const parts = z.array(z.object({ code: z.string(), message: text, detail: text })).catch([]);
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
  // Messages that the registrar does not know.
  invalid: parts,
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
 * `throttled`: Lambda did not begin the run. `denied`: AWS denied a call to the function's role. `missing`: what it asks AWS for does not
 * exist. `busy`: AWS throttled a call. `awsFailed`: AWS failed itself. `error`: the code of ours, or the delivery of the stream, has said another error.
 */
export type FailureKind = AnswerKind | 'timedOut' | 'processEnded' | 'throttled';

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
  readonly kind: 'timedOut' | 'processEnded' | 'error';
}

/** The parts of a deployment that are asked. */
type FailureReaders = Pick<Deployment, 'logs' | 'cloudwatch' | 'stack' | 'now'>;

/** A time; both ends count. */
interface Span {
  /** Epoch milliseconds. */
  readonly startTime: number;
  /** Epoch milliseconds. */
  readonly endTime: number;
}

/**
 * What a function, or the delivery of the stream (`landing`), failed with last: by its log, or because Lambda throttled it since.
 *
 * @param since From when on it is looked for, epoch milliseconds.
 * @returns Null if nothing tells: 20 pages of the log are read.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and its logs throw.
 */
export async function readLastFailure(
  deployment: FailureReaders,
  part: string,
  since: number,
): Promise<LastFailure | null> {
  const { now: endTime } = deployment;
  const throttled =
    part === STREAM ? null : await readThrottled(deployment, part, { startTime: since, endTime });
  for (const startTime of new Set([Math.max(since, endTime - RECENT_MS), since])) {
    const [last] = await readFailures(deployment, part, { startTime, endTime });
    if (last !== undefined)
      return throttled !== null && throttled.at > last.at ? throttled.failure : last.failure;
  }
  return throttled?.failure ?? null;
}

/** A failure, and its time. */
interface DatedFailure {
  /** When the log has it, epoch milliseconds; of throttled runs the start of the last minute. */
  readonly at: number;
  /** The failure. */
  readonly failure: LastFailure;
}

/** The failures that a log has of some time, the newest first: ten pages are read. */
async function readFailures(
  { logs, stack }: FailureReaders,
  part: string,
  span: Span,
): Promise<readonly DatedFailure[]> {
  const ends = ENDS.map((status) => `$.record.status = "${status}"`).join(' || ');
  const log =
    part === STREAM
      ? { group: deliveryLogGroup(stack), filterPattern: '' }
      : { group: functionLog(stack, part), filterPattern: `{ $.level = "error" || ${ends} }` };
  const { events } = await readLog({ logs }, { ...log, times: [span], mostPages: MOST_PAGES / 2 });
  return events
    .toSorted(byTime)
    .toReversed()
    .flatMap(({ timestamp: at = 0, message = '' }) => {
      const reason = reasonOf(message);
      if (reason === null) return [];
      const { code } = reason;
      const isOfCustomer = DENIED_BY_CUSTOMER.test(code ?? '');
      const kind = reason.kind === 'error' && !isOfCustomer ? failureKind(reason.text) : reason.kind;
      const isByKey = !isOfCustomer && isOfKey(reason.text);
      return [{ at, failure: { text: failureText(at, reason), kind, code, isByKey } }];
    });
}

/**
 * When AWS refused a call first because of a key, ISO 8601, by the oldest pages of the logs; null if they have no such refusal.
 *
 * @param parts Functions, or `landing`, whose logs are read.
 * @param since From when on it is looked for, epoch milliseconds.
 * @throws What the client of CloudWatch Logs throws.
 */
export async function readFirstKeyFailure(
  deployment: FailureReaders,
  parts: readonly string[],
  since: number,
): Promise<string | null> {
  const times: number[] = [];
  for (const part of parts) {
    // A function that has not run yet may have no log.
    const failures = await ifThere(
      readFailures(deployment, part, { startTime: since, endTime: deployment.now }),
    );
    times.push(...(failures ?? []).flatMap(({ at, failure }) => (failure.isByKey ? [at] : [])));
  }
  return times.length === 0 ? null : isoTimestamp(Math.min(...times));
}

/** SQS and CloudWatch tell of a message to the minute, and a queue is polled within one more. */
const MOVED_MS = 2 * MINUTE_MS;

/**
 * With what the last tries of dead letters failed: of the oldest, and of the newest if that is another failure. A message is moved when
 * it would be received once more, so its last try began as long before as the queue hides messages.
 *
 * @returns Null if the log has no failure of that time, or several kinds of them.
 * @throws As {@link readLastFailure}.
 */
export async function readDeadFailure(
  deployment: FailureReaders,
  { part, queue, messages, since }: DeadLetters,
): Promise<LastFailure | null> {
  if (since === null) return null;
  const first = Date.parse(since);
  const oldest = await failureBefore(deployment, part, first);
  if (oldest === null || messages === 1) return oldest;
  const counts = metricsOf('AWS/SQS', { QueueName: queue })('ApproximateNumberOfMessagesVisible', 'Maximum');
  const start = Math.floor(first / MINUTE_MS) * MINUTE_MS;
  const series = await readMetricData(deployment, [counts], { start, end: deployment.now + MINUTE_MS });
  const minutes = [...(series.get(counts.id) ?? [])].sort(([a], [b]) => a - b);
  const rises = minutes.filter(([, count], i) => count > (minutes[i - 1]?.[1] ?? count));
  const newestAt = rises.at(-1)?.[0];
  const newest = newestAt === undefined ? oldest : await failureBefore(deployment, part, newestAt);
  if (newest !== null && kindOf(newest) === kindOf(oldest)) return oldest;
  const more =
    newest === null
      ? 'The log does not tell of the newest.'
      : `The newest of them failed last at ${newest.text}`;
  return { text: `${oldest.text} ${more}`, kind: 'error', code: null, isByKey: oldest.isByKey };
}

/** With what the last try of a message failed that was moved then, epoch milliseconds; null if that is not known. */
async function failureBefore(
  deployment: FailureReaders,
  part: FunctionPart,
  movedAt: number,
): Promise<LastFailure | null> {
  const { startTime, endTime: latest } = triesOf(part, movedAt);
  const { timeout } = functionWork[part];
  // A flush of the local cloud hands messages out at once, so that the last try may have been just before the move.
  for (const endTime of [startTime + timeout * 1_000 + 2 * MOVED_MS, latest]) {
    const span = { startTime, endTime };
    const throttled = await readThrottled(deployment, part, span);
    const logged = await readFailures(deployment, part, span);
    const all = throttled === null ? logged : [...logged, throttled];
    if (new Set(all.map(({ failure }) => kindOf(failure))).size === 1) return all[0]?.failure ?? null;
  }
  return null;
}

/** The time in which the last try of a message was that was moved then, epoch milliseconds. */
export function triesOf(part: FunctionPart, movedAt: number): Span {
  return { startTime: movedAt - hiddenSeconds(part) * 1_000 - MOVED_MS, endTime: movedAt + MINUTE_MS };
}

/** Failures of one cause have one kind and code. */
function kindOf({ kind, code }: LastFailure): string {
  return `${kind} ${code}`;
}

/** Collectors in use read keys every five minutes at least, after a failure every minute. */
const KEYS_MS = 10 * MINUTE_MS;

/** With what collectors fail to read the keys' secret. */
export interface KeysFailure {
  /** The last failure, as the text of {@link LastFailure}. */
  readonly text: string;
  /** What the cure follows. */
  readonly kind: AnswerKind;
  /** When one failed first since a collector has read the secret, within a day, ISO 8601; null if the log has more lines than were read. */
  readonly since: string | null;
}

/**
 * The error with which collectors failed to read the keys' secret last, but for what the secret itself shows; null if a collector has
 * read it since, or if none has tried for ten minutes.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readKeysFailure(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
): Promise<KeysFailure | null> {
  const question = {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: '{ $.event = "keys" }',
    mostPages: MOST_PAGES,
  };
  const recent = { ...question, times: [{ startTime: deployment.now - KEYS_MS }] };
  const { events } = await readLog(deployment, recent);
  const { timestamp = 0, message = '' } = events.toSorted(byTime).at(-1) ?? {};
  const reason = reasonOf(message);
  // Problems without a code are of entries in the secret.
  if (reason === null || reason.code === null || OF_SECRET.test(reason.text)) return null;
  const day = await readLog(deployment, { ...question, times: [{ startTime: deployment.now - DAY_MS }] });
  const lines = day.events.toSorted(byTime);
  const good = lines.findLastIndex((line) => reasonOf(line.message ?? '') === null);
  const first = lines[good + 1]?.timestamp ?? timestamp;
  const since = day.hasMore ? null : isoTimestamp(first);
  return { text: failureText(timestamp, reason), kind: failureKind(reason.text), since };
}

/** Names of errors that whoever reads the secret sees as well: they are over once it is valid. */
const OF_SECRET = /_INVALID|InvalidRequest|NotFound/;

/** The order of lines by time, the oldest first. */
const byTime = (a: FilteredLogEvent, b: FilteredLogEvent) => (a.timestamp ?? 0) - (b.timestamp ?? 0);

/** When something failed, and with what. @param at Epoch milliseconds. */
function failureText(at: number, { text }: Reason): string {
  return `${isoTimestamp(at)}: ${text.replace(/\.?$/, '.')}`;
}

/** The error in a line of a log; null if the line has none, or tells of a run that went on. */
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
  const all: z.output<typeof parts> = [
    ...named,
    ...[data, ...tables].flatMap(({ failed }) => failed),
    ...data.invalid,
  ];
  const [first] = all;
  if (first !== undefined) {
    const { code, message: more = first.detail ?? '' } = first;
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
  deployment: Pick<Deployment, 'cloudwatch' | 'stack'>,
  part: string,
  { startTime, endTime }: Span,
): Promise<DatedFailure | null> {
  const { stack } = deployment;
  const series = await readMetricData(
    deployment,
    [metricsOf('AWS/Lambda', { FunctionName: partName(stack, part) })('Throttles')],
    { start: Math.floor(startTime / MINUTE_MS) * MINUTE_MS, end: endTime },
  );
  const throttled = [...(series.get('Throttles') ?? [])].filter(([, count]) => count > 0);
  if (throttled.length === 0) return null;
  const count = sum(throttled.map(([, minute]) => minute));
  const at = Math.max(...throttled.map(([minute]) => minute));
  const text = `${isoTimestamp(at)}: Lambda throttled ${counted(count, 'invocation')}.`;
  return { at, failure: { text, kind: 'throttled', code: null, isByKey: false } };
}

/** SQS's metrics come every minute, some minutes late. */
const METRIC_MS = 15 * MINUTE_MS;
const DEAD_LETTERS = '-dead-letters';

/** Messages that a function failed with on every try, or that could not be sent to its queue. */
export interface DeadLetters {
  /** The function. Its log and its queue have the name too. */
  readonly part: FunctionPart;
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
  const unused = unusedFunctions(config);
  const parts = workingParts.filter((part) => !unused.includes(part));
  const found = parts.map(async (part) => {
    const name = `${part}${DEAD_LETTERS}`;
    // A queue that is configured may not be deployed yet.
    const queue = await ifThere(readQueue(deployment, name));
    return queue === undefined || queue.messages === 0
      ? []
      : { part, queue: partName(stack, name), ...queue };
  });
  const queues = (await Promise.all(found)).flat();
  // For a dead-letter queue, the age is the time since a message was moved there.
  const ages = await readOldest(
    deployment,
    queues.map(({ queue }) => queue),
  );
  return queues.map(({ part, queue, arn, messages }) => {
    return { part, queue, arn, messages, since: ages.get(queue) ?? null };
  });
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
