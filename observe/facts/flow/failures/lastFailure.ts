import { deliveryLogGroup } from '../../../../infra/streams/streams.ts';
import { partName } from '../../../../infra/template/Stack.ts';
import { readMetricData } from '../../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../../lib/base/metrics.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted } from '../../../../lib/base/text.ts';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { type AnswerKind, failureKind, isOfKey } from '../../../answerKinds.ts';
import type { Deployment } from '../../../deployment.ts';
import { ifThere } from '../../../ifThere.ts';
import { functionLog, readLog } from '../../../readLog.ts';
import { failureText, reasonOf } from './failureLines.ts';

/** The most pages of a log that are read. */
export const MOST_PAGES = 20;
/** The last hours of a log are read first: between two hourly runs, and some retries. */
const RECENT_MS = 2 * HOUR_MS;

/** How Lambda says that a run did not end well. */
const ENDS = ['timeout', 'error', 'failure'];

/** Codes of a denial that a customer ends: no policy of the function's own role denies. */
const DENIED_BY_CUSTOMER = /^SLUICE_(SOURCE|RECEIPT|EXPORT)_(ACCESS|KEY|ROLE)_DENIED\b/;

/** The part that is no function: the stream. */
const STREAM = 'landing';

/**
 * How work failed. `timedOut`, `processEnded`: Lambda ended the run for its time, or its process ended, most often for want of memory.
 * `unloaded`: Lambda could not load the code or find the handler. `throttled`: Lambda did not begin the run. `denied`: AWS denied a call to the function's role. `missing`: what it asks AWS for does not
 * exist. `busy`: AWS throttled a call. `quota`: a quota of the account is used up. `awsFailed`: AWS failed itself. `error`: the code of ours, or the delivery of the stream, has said another error.
 */
export type FailureKind = AnswerKind | 'timedOut' | 'processEnded' | 'unloaded' | 'throttled';

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

/** The parts of a deployment that are asked. */
export type FailureReaders = Pick<Deployment, 'logs' | 'cloudwatch' | 'stack' | 'now'>;

/** A time; both ends count. */
export interface Span {
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

/**
 * The failures that a log has of some time, the newest first, of half of {@link MOST_PAGES}.
 *
 * @param part A function, or `landing`, the delivery of the stream.
 * @throws What the client of CloudWatch Logs throws.
 */
export async function readFailures(
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
  return events.toReversed().flatMap(({ timestamp: at = 0, message = '' }) => {
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

/**
 * The invocations of some time that Lambda throttled, as one failure; null without any. Lambda did not begin them, so the log has no line
 * of them.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readThrottled(
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
  const throttled = [...(series.get('Throttles') ?? [])].filter(([, n]) => n > 0);
  if (throttled.length === 0) return null;
  const count = sum(throttled.map(([, minute]) => minute));
  const at = Math.max(...throttled.map(([minute]) => minute));
  const text = `${isoTimestamp(at)}: Lambda throttled ${counted(count, 'invocation')}.`;
  return { at, failure: { text, kind: 'throttled', code: null, isByKey: false } };
}
