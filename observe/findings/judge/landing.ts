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
  'No run of `write` has failed: none was asked for these objects, or many wait. Correct what the first command finds of the bucket, the rule or the queue; then the second has all tried.';

/** The cure of a stream of the local cloud. */
const NOT_DELIVERED =
  'Correct the role, the bucket or the key, and remove faults. Then the command delivers what waits.';

/** What waits in the landing, and what of it can't be read or deleted. */
export function* landingFindings(facts: StatusFacts, { now, commands }: Place): Findings {
  const { landing, undeleted, damaged } = facts.waiting;
  if (landing !== null && isLandingLate(landing, now)) {
    const dead = (facts.deadLetters ?? []).filter(({ part }) => part === 'write').map(deadText);
    const late = finding(
      'SLUICE_FINDING_LANDING_LATE',
      `landing/: ${[waitingText(landing), ...dead].join('; ')}.${failedAt(facts, 'write')}`,
      [commands.sluice('redrive', '--landing')],
    );
    const why = facts.failures['write'];
    const isRead = facts.unknown.every(({ log }) => log !== 'write');
    if (why === undefined && dead.length === 0 && isRead)
      yield { ...late, cure: NOT_ASKED, commands: [commands.sluice('doctor', '--drift'), ...late.commands] };
    else yield late;
  }
  if (damaged !== null && damaged.count > 0)
    yield finding(
      'SLUICE_FINDING_DAMAGED',
      `damaged/: ${damagedText(damaged)}.`,
      commands.damaged(damaged.first ?? ''),
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
  const { stream } = facts;
  const { count, oldest } = facts.waiting.buffered;
  if (oldest !== null && isStreamLate(oldest, { config, now })) {
    const hours = (now - Date.parse(oldest)) / HOUR_MS;
    const left = Math.max(0, KEPT_HOURS - hours);
    const drops = left === 0 ? 'has begun to drop records' : `drops it in ${left.toFixed(1)} hours`;
    const why = facts.failures['landing'];
    const name = stream?.stream ?? partName(stack, 'landing');
    const waits = count === null ? '' : ` ${counted(count, 'request')} ${count === 1 ? 'waits' : 'wait'}.`;
    const log = commands.aws('logs', 'tail', deliveryLogGroup(stack), '--since', '1h');
    const subject = why === undefined ? `${name}: its` : `The delivery of ${name} failed last at ${why} Its`;
    const late = finding(
      'SLUICE_FINDING_STREAM_LATE',
      `${subject} oldest record has waited since ${oldest}, ${hours.toFixed(1)} hours; Firehose ${drops}.${waits}`,
      [stream === null ? commands.control('POST', 'flush') : log],
    );
    yield stream === null ? { ...late, cure: NOT_DELIVERED } : late;
  }
  const { quotaShare = null, quota, throttledRecords } = stream ?? {};
  const throttled = throttledRecords ?? 0;
  if (throttled > 0 || (quotaShare ?? 0) >= NEAR) {
    const share = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
    const refused = throttled === 0 ? '' : ` ${throttled} records were throttled within 15 minutes.`;
    const severity = throttled > 0 ? 'problem' : 'warning';
    yield finding('SLUICE_FINDING_QUOTA_NEAR', `${stream?.stream}:${share}${refused}`, [], severity);
  }
}

/** Messages of queues that nobody works off any more. */
export function* deadLetterFindings(facts: StatusFacts, { commands, now, ringing }: Place): Findings {
  const { landing } = facts.waiting;
  // The objects of the writer's dead letters are in the landing: if that is late, another finding tells of them.
  const isLate = landing !== null && isLandingLate(landing, now);
  for (const deadLetter of (facts.deadLetters ?? []).filter(({ part }) => part !== 'write' || !isLate)) {
    // SQS moves messages that a schedule or a rule has sent to the dead-letter queue itself only to a destination that
    // is named.
    const to = ['--destination-arn', deadLetter.arn.replace(/-dead-letters$/, '')];
    const command =
      deadLetter.part === 'write'
        ? commands.sluice('redrive', '--landing')
        : commands.aws('sqs', 'start-message-move-task', '--source-arn', deadLetter.arn, ...to);
    const detail = `${deadText(deadLetter)}.${failedAt(facts, deadLetter.part)}`;
    const found = finding('SLUICE_FINDING_DEAD_LETTERS', detail, [command]);
    const isByKey = facts.failedByKey.includes(deadLetter.part);
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
