import { deliveryLogGroup } from '../../../infra/streams/streams.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { counted } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { type DeadLetters, triesOf } from '../../facts/flow/failures/deadLetters.ts';
import type { FailureKind, LastFailure } from '../../facts/flow/failures/lastFailure.ts';
import { isStreamLate, KEPT_HOURS } from '../../facts/flow/streamState.ts';
import {
  damagedText,
  isLandingLate,
  type WaitingObjects,
  waitingText,
} from '../../facts/flow/waitingObjects.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { functionLog } from '../../readLog.ts';
import { type CaseOf, finding, seenNow } from '../catalogue.ts';
import { explained, failedAt, failureTold, isLogRead } from './failures.ts';
import type { Findings, Place } from './place.ts';

/** The share of a quota from which a stream is near it. */
const NEAR = 0.8;

/** What waits in the landing, and what of it can't be read or deleted. */
export function* landingFindings(facts: StatusFacts, place: Place): Findings {
  const { now, commands } = place;
  const { landing, undeleted, damaged } = facts.waiting;
  if (landing !== null && isLandingLate(landing, now)) {
    const dead = (facts.deadLetters ?? []).filter((letters) => isOfLanding(facts, letters));
    const deadTexts = dead.map(deadText);
    const cause = landingCase(facts, deadTexts.length > 0);
    const { writer } = facts;
    const gone = writer?.goneAt ?? null;
    const end = gone === null ? 'their number does not fall' : `they are gone at ${gone}`;
    const behind =
      cause.case === 'backlog' ? `, behind about ${counted(writer?.messages ?? 0, 'message')}: ${end}` : '';
    const told = {
      ...cause,
      title: `${objectsText(landing)} of landing/ ${landing.count === 1 ? 'waits' : 'wait'} to become files of tables${behind}`,
      since: landing.oldest,
      detail: `landing/: ${[waitingText(landing), ...deadTexts].join('; ')}.${failedAt(facts, 'write')}`,
    };
    yield finding('SLUICE_FINDING_LANDING_LATE', told, [
      ...(cause.case === 'unasked' ? [commands.sluice('doctor', '--drift')] : []),
      ...explained(cause, 'write', place),
      commands.sluice('redrive', '--landing'),
    ]);
  }
  if (damaged !== null && damaged.first !== null) {
    const shown = commands.damaged(damaged.first);
    yield finding(
      'SLUICE_FINDING_DAMAGED',
      {
        case: damaged.isWithoutRows ? 'noRows' : 'rows',
        title: `${objectsText(damaged)} of damaged/ ${damaged.count === 1 ? 'has' : 'have'} bytes that are no rows`,
        since: damaged.oldest,
        detail: `damaged/: ${damagedText(damaged)}.`,
      },
      // Nothing of it is to be read again.
      damaged.isWithoutRows ? shown.slice(0, 2) : shown,
    );
  }
  if (undeleted !== null && undeleted.count > 0)
    yield finding(
      'SLUICE_FINDING_UNDELETED',
      {
        title: `${objectsText(undeleted)} of landing/, whose rows are in tables, cannot be deleted by the role of write: ${undeleted.why}`,
        since: undeleted.oldest,
        detail: `landing/: ${waitingText(undeleted)}. S3 answers ${undeleted.why} to s3:DeleteObject.`,
      },
      [commands.sluice('doctor')],
    );
}

/** `3 objects`, `at least 10,000 objects` */
function objectsText({ count, hasMore }: Pick<WaitingObjects, 'count' | 'hasMore'>): string {
  return `${hasMore ? 'At least ' : ''}${counted(count, 'object')}`;
}

/** Why objects wait. @param isDead Whether messages of the writer are dead letters. */
function landingCase(
  facts: StatusFacts,
  isDead: boolean,
): ReturnType<typeof failureTold> | { readonly case: 'backlog' | 'unannounced' | 'unasked' } {
  const told = failureTold(facts, 'write', facts.failures['write']);
  const { oldest } = facts.waiting.landing ?? {};
  const hasFailed = facts.functionErrors?.some(
    ({ part, last }) => part === 'write' && last >= (oldest ?? ''),
  );
  if (told.case !== 'unknown' || isDead || hasFailed === true) return told;
  if (isBacklog(facts)) return { case: 'backlog' };
  return { case: facts.bucketFaults.some(({ name }) => name === 'events') ? 'unannounced' : 'unasked' };
}

/** The share of waiting objects whose messages the queue has at least: metrics come some minutes late, and are approximate. */
const QUEUED_SHARE = 0.5;

/** Whether the writer goes on, and its queue has messages of the objects that wait: of others nobody asks it. */
function isBacklog({ writer, waiting: { landing } }: Pick<StatusFacts, 'writer' | 'waiting'>): boolean {
  if (writer == null || writer.perMinute === null) return false;
  return writer.messages >= QUEUED_SHARE * (landing?.count ?? 0);
}

/** The stream: what waits in its buffer, and its quota. */
export function* streamFindings(facts: StatusFacts, { config, stack, now, commands }: Place): Findings {
  const { stream, isLocal } = facts;
  const { count, oldest } = facts.waiting.buffered;
  if (oldest !== null && isStreamLate(oldest, { config, now })) {
    const text = lateStreamText({
      name: stream?.stream ?? partName(stack, 'landing'),
      why: facts.failures['landing']?.text,
      oldest,
      hours: (now - Date.parse(oldest)) / HOUR_MS,
      requests: count,
    });
    const code = facts.failures['landing']?.code ?? null;
    const withCode = code === null ? '' : `, and its delivery fails with ${code}`;
    const flush = commands.control('POST', 'flush');
    const log = commands.log(deliveryLogGroup(stack), now - HOUR_MS);
    const hours = (now - Date.parse(oldest)) / HOUR_MS;
    const told = {
      case: isLocal ? 'local' : streamCase(facts),
      title: `The oldest record of ${stream?.stream ?? partName(stack, 'landing')} has waited for ${hours.toFixed(1)} hours${withCode}`,
      since: oldest,
      detail: text,
    } as const;
    yield finding('SLUICE_FINDING_STREAM_LATE', told, [isLocal ? flush : log]);
  }
  if (stream === null) return;
  const { quotaShare, quota } = stream;
  const throttled = stream.throttledRecords ?? 0;
  if (throttled > 0 || (quotaShare ?? 0) >= NEAR) {
    const share = quotaShare === null ? '' : ` ${Math.round(quotaShare * 100)} % of its ${quota} a second.`;
    const refused =
      throttled === 0
        ? ''
        : ` ${counted(throttled, 'record was', 'records were')} throttled within 15 minutes.`;
    const severity = throttled > 0 ? 'problem' : 'warning';
    const title =
      throttled > 0
        ? `Firehose throttled ${counted(throttled, 'record')} of ${stream.stream} within 15 minutes`
        : `${stream.stream} uses ${Math.round((quotaShare ?? 0) * 100)} % of its ${quota} a second`;
    const told = seenNow(title, `${stream.stream}:${share}${refused}`);
    yield finding(
      'SLUICE_FINDING_QUOTA_NEAR',
      { case: throttled > 0 ? 'throttled' : 'near', ...told },
      [],
      severity,
    );
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
  if (failure !== undefined) return STREAM_CASES[failure.kind] ?? 'failed';
  return isLogRead(facts, 'landing') ? 'unknown' : 'unread';
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
  return requests === null ? waited : `${waited} ${counted(requests, 'request waits', 'requests wait')}.`;
}

/** Messages of dead-letter queues, from which no function takes them. */
export function* deadLetterFindings(facts: StatusFacts, place: Place): Findings {
  const { commands, now, ringing } = place;
  const { landing } = facts.waiting;
  // The objects of the writer's dead letters are in landing/: if these are late, the finding on them has the dead letters.
  const isLate = landing !== null && isLandingLate(landing, now);
  for (const deadLetter of facts.deadLetters ?? []) {
    if (isLate && isOfLanding(facts, deadLetter)) continue;
    // The command names the queue that the messages go to. SQS knows it only of messages that it moved to the dead-letter
    // queue itself, and schedules and rules send theirs there directly.
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    const to = ['--destination-arn', deadLetter.arn.replace(/-dead-letters$/, '')];
    const command =
      deadLetter.part === 'write'
        ? commands.sluice('redrive', '--landing')
        : commands.aws('sqs', 'start-message-move-task', '--source-arn', deadLetter.arn, ...to);
    const { part, messages, queue, since } = deadLetter;
    const failure = facts.failures[queue];
    const failed = failure === undefined ? '' : ` The last try of the oldest failed at ${failure.text}`;
    const why = deadCase(facts, deadLetter);
    const told = {
      ...why,
      title: `${counted(messages, 'message')} of ${part} ${messages === 1 ? 'is' : 'are'} in ${queue}${deadWhy(failure)}`,
      since,
      detail: `${deadText(deadLetter)}.${failed}`,
    };
    const first = failure === undefined ? [triesLog(deadLetter, place)] : explained(why, part, place);
    const shown = why.case === 'strange' ? strangeCommands(deadLetter, command, place) : [...first, command];
    const found = finding('SLUICE_FINDING_DEAD_LETTERS', told, shown);
    // These alarms have the function's name, so the catalogue's names of alarms do not find them.
    yield ringing.tell({ ...found, isByKey: failure?.isByKey === true }, [
      `${part}-dead-letters`,
      `${part}-errors`,
    ]);
  }
}

/** Kinds of failures that are over for all messages once a run succeeds: they are of no message. */
const OF_ANY_RUN: readonly FailureKind[] = [
  'throttled',
  'denied',
  'missing',
  'busy',
  'quota',
  'awsFailed',
  'unloaded',
];

/** Whether dead letters are the writer's own, so that their objects are in landing/. */
function isOfLanding(facts: StatusFacts, deadLetter: DeadLetters): boolean {
  return deadLetter.part === 'write' && deadCase(facts, deadLetter).case !== 'strange';
}

/** Why messages of a function are dead letters. */
function deadCase(
  facts: StatusFacts,
  { part, queue }: DeadLetters,
): ReturnType<typeof failureTold> | { readonly case: 'over' | 'strange' } {
  const failure = facts.failures[queue];
  if (failure?.code?.endsWith('_MESSAGE_INVALID') === true) return { case: 'strange' };
  const isOver = facts.functionErrors?.find((errors) => errors.part === part)?.isOver === true;
  if (failure !== undefined && OF_ANY_RUN.includes(failure.kind) && isOver) return { case: 'over' };
  return failureTold(facts, part, failure);
}

/** Show messages, and delete one that Sluice did not send: moved back, it comes here again. A purge would delete others. */
function strangeCommands(
  { queue, messages }: DeadLetters,
  moveBack: string,
  { commands }: Pick<Place, 'commands'>,
): readonly string[] {
  // Messages that were shown are hidden for a minute, so that a second look shows others.
  const some = ['--max-number-of-messages', '10', '--visibility-timeout', '60'];
  return [
    commands.onQueue(queue, 'receive-message', ...some),
    commands.onQueue(queue, 'delete-message', '--receipt-handle', 'RECEIPT_HANDLE'),
    ...(messages === 1 ? [] : [moveBack]),
  ];
}

/** With what the oldest of dead letters failed, as the end of a title; empty if that is not known, or has only words. */
function deadWhy(failure: LastFailure | undefined): string {
  if (failure?.kind === 'throttled') return ', which Lambda throttled';
  return failure == null || failure.code === null ? '' : `, the oldest after ${failure.code}`;
}

/** A command that shows the log of the last try of the oldest message; of fourteen days, as long as it is kept, if SQS does not tell its time. */
function triesLog(
  { part, since }: DeadLetters,
  { commands, stack, now }: Pick<Place, 'commands' | 'stack' | 'now'>,
): string {
  const log = functionLog(stack, part);
  if (since === null) return commands.log(log, now - 14 * DAY_MS);
  const { startTime, endTime } = triesOf(part, Date.parse(since));
  return commands.log(log, startTime, endTime);
}

/** `sluice-prod-write-dead-letters has 2 messages, the oldest since 2026-…`, without a stop at its end. */
function deadText({ queue, messages, since }: DeadLetters): string {
  const age = since === null ? '' : `, the oldest since ${since}`;
  return `${queue} has ${counted(messages, 'message')}${age}`;
}
