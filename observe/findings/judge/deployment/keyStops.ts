import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, numbered, someOf } from '../../../../lib/base/text.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { Finding, FindingCode } from '../../catalogue.ts';
import type { Place } from '../place.ts';
import { dropsText } from '../stream.ts';

/** Findings that {@link keyStopsText} counts. Of every other it has the statement. */
const COUNTED: readonly FindingCode[] = [
  'SLUICE_FINDING_STREAM_LATE',
  'SLUICE_FINDING_DEAD_LETTERS',
  'SLUICE_FINDING_FUNCTION_FAILED',
  'SLUICE_FINDING_UNREADABLE',
];

/**
 * What a key that cannot be used stops, short: until when the oldest request is kept, and how many messages, runs and parts failed for it,
 * of which functions.
 *
 * @param follows The findings that follow from the key, at least one.
 */
export function keyStopsText(follows: readonly Finding[], facts: StatusFacts, place: Place): string {
  const subjectsOf = (wanted: FindingCode) =>
    follows.flatMap(({ code, subject }) => (code === wanted && subject !== undefined ? [subject] : []));
  const others = follows.filter(({ code }) => !COUNTED.includes(code));
  const isUnread = follows.some(({ code }) => code === 'SLUICE_FINDING_UNREADABLE');
  const unread = isUnread ? facts.unknown.filter(({ isByKey }) => isByKey).length : 0;
  const alarms = [...new Set(follows.flatMap((other) => place.ringing.toldWith(other)))];
  const texts = [
    waitingText(facts, place),
    ...others.map(({ statement }) => ` ${statement}.`),
    deadText(facts, subjectsOf('SLUICE_FINDING_DEAD_LETTERS')),
    runsText(facts, subjectsOf('SLUICE_FINDING_FUNCTION_FAILED')),
    unread === 0 ? '' : ` ${counted(unread, 'part')} of this look could not be read.`,
    alarms.length === 0
      ? ''
      : ` ${counted(alarms.length, 'alarm is', 'alarms are')} on for it: ${listed(alarms)}.`,
    ` \`${place.commands.sluice('status', '--json')}\` has each error: \`failures\`, \`deadLetters\` and \`unknown\`.`,
  ];
  return texts.join('').trim();
}

/** The oldest request that waits for delivery, and until when it is kept; empty if none is known to wait. */
export function waitingText(
  { waiting: { buffered } }: Pick<StatusFacts, 'waiting'>,
  { now }: Pick<Place, 'now'>,
): string {
  const { count, oldest } = buffered;
  if (oldest === null) return '';
  const waits =
    count === null || count === 1
      ? 'The oldest request that waits'
      : `The oldest of ${numbered(count)} requests that wait`;
  return ` ${waits} for delivery is of ${oldest}: Firehose ${dropsText(oldest, now)}.`;
}

/** ` 70 messages are dead letters, the oldest since 2026-…: 25 of curate-plan, 24 of register.` Empty without any. */
function deadText({ deadLetters }: Pick<StatusFacts, 'deadLetters'>, parts: readonly string[]): string {
  const letters = (deadLetters ?? []).filter(({ part }) => parts.includes(part));
  const messages = sum(letters.map((letter) => letter.messages));
  if (messages === 0) return '';
  const [since] = letters.flatMap((letter) => letter.since ?? []).sort();
  const oldest = since === undefined ? '' : `, the oldest since ${since}`;
  const most = letters.toSorted((a, b) => b.messages - a.messages);
  const each = most.map((letter) => `${numbered(letter.messages)} of ${letter.part}`);
  return ` ${counted(messages, 'message is a dead letter', 'messages are dead letters')}${oldest}: ${listed(each)}.`;
}

/** ` Within 24 hours 3 of 3 invocations of reconcile had errors.` Empty without any. */
function runsText({ functionErrors }: Pick<StatusFacts, 'functionErrors'>, parts: readonly string[]): string {
  const failed = (functionErrors ?? []).filter(({ part }) => parts.includes(part));
  if (failed.length === 0) return '';
  const each = failed.map(
    ({ part, errors, invocations }) => `${someOf(errors, invocations, 'invocation')} of ${part}`,
  );
  return ` Within 24 hours ${listed(each)} had errors.`;
}
