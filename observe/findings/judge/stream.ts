import { deliveryLogGroup } from '../../../infra/streams/streams.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { counted } from '../../../lib/base/text.ts';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import type { FailureKind } from '../../facts/flow/failures/lastFailure.ts';
import { isStreamLate, KEPT_HOURS, type StreamState } from '../../facts/flow/streamState.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { denialIn } from '../../saidDenial.ts';
import { type CaseOf, finding, seenNow } from '../catalogue.ts';
import { isLogRead } from './failures.ts';
import type { Findings, Place } from './place.ts';

/** The share of a quota from which a stream is near it. */
const NEAR = 0.8;

/** The stream: what waits in its buffer, and its quota. */
export function* streamFindings(facts: StatusFacts, place: Place): Findings {
  if (isStreamLate(facts.waiting.buffered.oldest, place)) yield* lateStream(facts, place);
  if (facts.stream !== null) yield* quotaFindings(facts.stream);
}

/** A stream whose oldest record has waited for too long. */
function* lateStream(facts: StatusFacts, { stack, now, commands }: Place): Findings {
  const { stream, isLocal, failures, waiting } = facts;
  const { count, oldest } = waiting.buffered;
  if (oldest === null) return;
  const name = stream?.stream ?? partName(stack, 'landing');
  const failure = failures['landing'];
  const withCode =
    failure === undefined || failure.code === null ? '' : `, and its delivery fails with ${failure.code}`;
  const whose =
    failure === undefined ? `${name}: its` : `The delivery of ${name} failed last at ${failure.text} Its`;
  const hours = (now - Date.parse(oldest)) / HOUR_MS;
  const requests = count === null ? '' : ` ${counted(count, 'request waits', 'requests wait')}.`;
  yield finding(
    'SLUICE_FINDING_STREAM_LATE',
    {
      case: isLocal ? 'local' : streamCase(facts),
      title: `The oldest record of ${name} has waited for ${hours.toFixed(1)} hours${withCode}`,
      since: oldest,
      detail: `${whose} oldest record has waited since ${oldest}, ${hours.toFixed(1)} hours; Firehose ${dropsText(oldest, now)}.${requests}`,
    },
    [isLocal ? commands.control('POST', 'flush') : commands.log(deliveryLogGroup(stack), now - HOUR_MS)],
  );
}

/** When Firehose drops what has waited since a time, as a sentence goes on behind its name. @param now Epoch milliseconds. */
export function dropsText(oldest: string, now: number): string {
  const left = KEPT_HOURS - (now - Date.parse(oldest)) / HOUR_MS;
  return left <= 0 ? 'has begun to drop records' : `drops it in ${left.toFixed(1)} hours`;
}

/** A stream that throttles records, or that is near its quota. */
function* quotaFindings({ stream, quotaShare, quota, throttledRecords }: StreamState): Findings {
  const used = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
  const throttled = throttledRecords ?? 0;
  if (throttled > 0) {
    const title = `Firehose throttled ${counted(throttled, 'record')} of ${stream} within 15 minutes`;
    const refused = `${counted(throttled, 'record was', 'records were')} throttled within 15 minutes`;
    const told = { case: 'throttled', ...seenNow(title, `${stream}:${used} ${refused}.`) } as const;
    yield finding('SLUICE_FINDING_QUOTA_NEAR', told, [], 'problem');
  } else if (quotaShare !== null && quotaShare >= NEAR) {
    const title = `${stream} uses ${Math.round(quotaShare * 100)} % of its ${quota} a second`;
    const told = { case: 'near', ...seenNow(title, `${stream}:${used}`) } as const;
    yield finding('SLUICE_FINDING_QUOTA_NEAR', told, [], 'warning');
  }
}

/** The cases of what a delivery fails with that Firehose tells of: its other errors have the case `failed`. */
const STREAM_CASES: Readonly<Partial<Record<FailureKind, CaseOf<'SLUICE_FINDING_STREAM_LATE'>>>> = {
  denied: 'denied',
  missing: 'missing',
  busy: 'busy',
  awsFailed: 'awsFailed',
};

/** Why the stream delivers late. */
function streamCase(facts: StatusFacts): CaseOf<'SLUICE_FINDING_STREAM_LATE'> {
  const failure = facts.failures['landing'];
  if (failure !== undefined && isElsewhere(failure.text)) return 'elsewhere';
  if (failure !== undefined) return STREAM_CASES[failure.kind] ?? 'failed';
  return isLogRead(facts, 'landing') ? 'unknown' : 'unread';
}

/** Whether a delivery was denied an object that is not below landing/: the stream writes elsewhere. */
function isElsewhere(text: string): boolean {
  const { action = '', resource = '' } = denialIn(text) ?? {};
  const [, key] = /^arn:[\w-]+:s3:::[^/]+\/(.*)$/.exec(resource) ?? [];
  return action === 's3:PutObject' && key !== undefined && !key.startsWith(LANDING_FOLDER) && key !== '*';
}
