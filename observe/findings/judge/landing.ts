import { deliveryLogGroup } from '../../../infra/streams/streams.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { counted } from '../../../lib/base/text.ts';
import { HOUR_MS } from '../../../lib/base/time.ts';
import type { DeadLetters } from '../../facts/flow/failures.ts';
import { isStreamLate, KEPT_HOURS } from '../../facts/flow/streamState.ts';
import { damagedText, isLandingLate, waitingText } from '../../facts/flow/waitingObjects.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { finding } from '../catalogue.ts';
import { type Findings, failedAt, type Place } from './place.ts';

/** The share of a quota from which a stream is near it. */
const NEAR = 0.8;

/** The cure of objects that wait without a failure of the writer. */
const NOT_ASKED =
  'No run of `write` has failed: either nothing asked it to write these objects, or many wait before them. Correct what the first command finds wrong with the bucket, the rule or the queue. Then the second command has all objects tried.';

/** The cure of a late stream of the local cloud: a call of its control API delivers at once. */
const NOT_DELIVERED =
  'Correct the role, the bucket or the key, and remove faults. Then the command delivers what waits.';

/** What waits in the landing, and what of it can't be read or deleted. */
export function* landingFindings(facts: StatusFacts, { now, commands }: Place): Findings {
  const { landing, undeleted, damaged } = facts.waiting;
  if (landing !== null && isLandingLate(landing, now)) {
    const deadTexts = (facts.deadLetters ?? []).filter(({ part }) => part === 'write').map(deadText);
    const late = finding(
      'SLUICE_FINDING_LANDING_LATE',
      `landing/: ${[waitingText(landing), ...deadTexts].join('; ')}.${failedAt(facts, 'write')}`,
      [commands.sluice('redrive', '--landing')],
    );
    const why = facts.failures['write'];
    const isWriterLogKnown = facts.unknown.every(({ log }) => log !== 'write');
    if (why === undefined && deadTexts.length === 0 && isWriterLogKnown)
      yield { ...late, cure: NOT_ASKED, commands: [commands.sluice('doctor', '--drift'), ...late.commands] };
    else yield late;
  }
  if (damaged !== null && damaged.first !== null)
    yield finding(
      'SLUICE_FINDING_DAMAGED',
      `damaged/: ${damagedText(damaged)}.`,
      commands.damaged(damaged.first),
    );
  if (undeleted !== null && undeleted.count > 0)
    yield finding(
      'SLUICE_FINDING_UNDELETED',
      `landing/: ${waitingText(undeleted)}. S3 answers ${undeleted.why} to s3:DeleteObject.`,
      [commands.sluice('doctor')],
    );
}

/** The stream: what waits in its buffer, and its quota. */
export function* streamFindings(facts: StatusFacts, { config, stack, now, commands }: Place): Findings {
  const { stream, isLocal } = facts;
  const { count, oldest } = facts.waiting.buffered;
  if (oldest !== null && isStreamLate(oldest, { config, now })) {
    const text = lateStreamText({
      name: stream?.stream ?? partName(stack, 'landing'),
      why: facts.failures['landing'],
      oldest,
      hours: (now - Date.parse(oldest)) / HOUR_MS,
      requests: count,
    });
    const flush = commands.control('POST', 'flush');
    const log = commands.aws('logs', 'tail', deliveryLogGroup(stack), '--since', '1h');
    const late = finding('SLUICE_FINDING_STREAM_LATE', text, [isLocal ? flush : log]);
    yield isLocal ? { ...late, cure: NOT_DELIVERED } : late;
  }
  if (stream === null) return;
  const { quotaShare, quota } = stream;
  const throttled = stream.throttledRecords ?? 0;
  if (throttled > 0 || (quotaShare ?? 0) >= NEAR) {
    const share = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
    const were = throttled === 1 ? 'was' : 'were';
    const refused =
      throttled === 0 ? '' : ` ${counted(throttled, 'record')} ${were} throttled within 15 minutes.`;
    const severity = throttled > 0 ? 'problem' : 'warning';
    yield finding('SLUICE_FINDING_QUOTA_NEAR', `${stream.stream}:${share}${refused}`, [], severity);
  }
}

/** A stream that delivers late. */
interface LateStream {
  /** Its name in AWS. */
  readonly name: string;
  /** When and with what its delivery failed last, `2026-…: S3.AccessDenied: ….`; undefined if nothing is known. */
  readonly why: string | undefined;
  /** Time at which its oldest record arrived, ISO 8601. */
  readonly oldest: string;
  /** Hours since then. */
  readonly hours: number;
  /** Requests in its buffer; null if that is not known. */
  readonly requests: number | null;
}

/** `sluice-prod-landing: its oldest record has waited since 2026-…, 12.5 hours; Firehose drops it in 11.5 hours. 3 requests wait.` */
function lateStreamText({ name, why, oldest, hours, requests }: LateStream): string {
  const subject = why === undefined ? `${name}: its` : `The delivery of ${name} failed last at ${why} Its`;
  const left = Math.max(0, KEPT_HOURS - hours);
  const drops = left === 0 ? 'has begun to drop records' : `drops it in ${left.toFixed(1)} hours`;
  const waited = `${subject} oldest record has waited since ${oldest}, ${hours.toFixed(1)} hours; Firehose ${drops}.`;
  return requests === null
    ? waited
    : `${waited} ${counted(requests, 'request')} ${requests === 1 ? 'waits' : 'wait'}.`;
}

/** Messages of dead-letter queues, from which no function takes them. */
export function* deadLetterFindings(facts: StatusFacts, { commands, now, ringing }: Place): Findings {
  const { landing } = facts.waiting;
  // The objects of the writer's dead letters are in landing/: if these are late, the finding on them has the dead letters.
  const isLate = landing !== null && isLandingLate(landing, now);
  for (const deadLetter of (facts.deadLetters ?? []).filter(({ part }) => part !== 'write' || !isLate)) {
    // The command names the queue that the messages go to. SQS knows it only of messages that it moved to the dead-letter
    // queue itself, and schedules and rules send theirs there directly.
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    const to = ['--destination-arn', deadLetter.arn.replace(/-dead-letters$/, '')];
    const command =
      deadLetter.part === 'write'
        ? commands.sluice('redrive', '--landing')
        : commands.aws('sqs', 'start-message-move-task', '--source-arn', deadLetter.arn, ...to);
    const detail = `${deadText(deadLetter)}.${failedAt(facts, deadLetter.part)}`;
    const found = finding('SLUICE_FINDING_DEAD_LETTERS', detail, [command]);
    const isByKey = facts.failedByKey.includes(deadLetter.part);
    // These alarms have the function's name, so the catalogue's names of alarms do not find them.
    yield ringing.tell({ ...found, isByKey }, [
      `${deadLetter.part}-dead-letters`,
      `${deadLetter.part}-errors`,
    ]);
  }
}

/** `sluice-prod-write-dead-letters has 2 messages, the oldest since 2026-…`, without a stop at its end. */
function deadText({ queue, messages, since }: DeadLetters): string {
  const age = since === null ? '' : `, the oldest since ${since}`;
  return `${queue} has ${counted(messages, 'message')}${age}`;
}
