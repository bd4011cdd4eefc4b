import { counted } from '../../../lib/base/text.ts';
import { DAY_MS } from '../../../lib/base/time.ts';
import { triesOf } from '../../facts/flow/failures/deadFailure.ts';
import type { DeadLetters } from '../../facts/flow/failures/deadLetters.ts';
import type { FailureKind, LastFailure } from '../../facts/flow/failures/lastFailure.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { functionLog } from '../../readLog.ts';
import { type Finding, finding } from '../catalogue.ts';
import { explained, failureTold } from './failures.ts';
import type { Findings, Place } from './place.ts';

/**
 * Messages of dead-letter queues, from which no function takes them.
 *
 * @param others The findings that were told before.
 */
export function* deadLetterFindings(facts: StatusFacts, place: Place, others: readonly Finding[]): Findings {
  const { ringing } = place;
  // The objects of the writer's dead letters are in landing/: if these are late, the finding on them has the dead letters.
  const isLate = others.some(({ code }) => code === 'SLUICE_FINDING_LANDING_LATE');
  for (const deadLetter of facts.deadLetters ?? []) {
    if (isLate && isOfLanding(facts, deadLetter, place)) continue;
    const { part, messages, queue, since } = deadLetter;
    const failure = facts.failures[queue];
    const failed = failure === undefined ? '' : ` The last try of the oldest failed at ${failure.text}`;
    const why = deadCase(facts, deadLetter, place);
    const told = {
      ...why,
      subject: part,
      title: `${counted(messages, 'message')} of ${part} ${messages === 1 ? 'is' : 'are'} in ${queue}${deadWhy(messages, failure)}`,
      since,
      detail: `${deadText(deadLetter)}.${failed}`,
    };
    const first = failure === undefined ? [triesLog(deadLetter, place)] : explained(why, part, place);
    const again = againCommand(deadLetter, place);
    const shown = why.case === 'strange' ? strangeCommands(deadLetter, again, place) : [...first, again];
    const found = finding('SLUICE_FINDING_DEAD_LETTERS', told, shown);
    // These alarms have the function's name, so the catalogue's names of alarms do not find them.
    yield ringing.tell({ ...found, isByKey: failure?.isByKey === true }, [
      `${part}-dead-letters`,
      `${part}-errors`,
    ]);
  }
}

/** The command that has the messages tried again. */
function againCommand({ part, arn }: DeadLetters, { commands }: Pick<Place, 'commands'>): string {
  if (part === 'write') return commands.sluice('redrive', '--landing');
  // SQS knows the queue that messages go to only of those that it moved to the dead-letter queue itself, and schedules and rules
  // send theirs there directly: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
  const to = ['--destination-arn', arn.replace(/-dead-letters$/, '')];
  return commands.aws('sqs', 'start-message-move-task', '--source-arn', arn, ...to);
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
export function isOfLanding(
  facts: StatusFacts,
  deadLetter: DeadLetters,
  place: Pick<Place, 'config' | 'now'>,
): boolean {
  return deadLetter.part === 'write' && deadCase(facts, deadLetter, place).case !== 'strange';
}

/** Why messages of a function are dead letters. */
function deadCase(
  facts: StatusFacts,
  deadLetter: DeadLetters,
  { config, now }: Pick<Place, 'config' | 'now'>,
): ReturnType<typeof failureTold> | { readonly case: 'over' | 'strange' } {
  const { part, queue } = deadLetter;
  const failure = facts.failures[queue];
  if (failure?.code?.endsWith('_MESSAGE_INVALID') === true) return { case: 'strange' };
  if (failure !== undefined && OF_ANY_RUN.includes(failure.kind) && isOver(facts, deadLetter, now))
    return { case: 'over' };
  return failureTold(facts, part, failure, config);
}

/** Whether no run has failed since the messages are dead letters: of the last 24 hours Lambda has counted none, or later runs without an error. */
function isOver(
  { functionErrors }: Pick<StatusFacts, 'functionErrors'>,
  { part, since }: DeadLetters,
  now: number,
): boolean {
  if (functionErrors === null) return false;
  const errors = functionErrors.find((functionError) => functionError.part === part);
  return errors?.isOver ?? (since !== null && now - Date.parse(since) > DAY_MS);
}

/** Commands that show messages, and delete one that Sluice did not send: moved back, it would come here again. A purge would delete others. */
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

/** With what the only, or the oldest, of dead letters failed, as the end of a title; empty if that is not known, or has only words. */
function deadWhy(messages: number, failure: LastFailure | undefined): string {
  if (failure?.kind === 'throttled') return ', which Lambda throttled';
  return failure === undefined || failure.code === null
    ? ''
    : `,${messages === 1 ? '' : ' the oldest'} after ${failure.code}`;
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
export function deadText({ queue, messages, since }: DeadLetters): string {
  const age = since === null ? '' : `, the oldest since ${since}`;
  return `${queue} has ${counted(messages, 'message')}${age}`;
}
