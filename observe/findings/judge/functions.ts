import { partName } from '../../../infra/template/Stack.ts';
import { counted, someOf } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import type { FunctionErrors } from '../../facts/functions/functionErrors.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { functionLog } from '../../readLog.ts';
import { type Finding, type FindingCode, finding } from '../catalogue.ts';
import { errorsText, explained, failureTold, queueFault } from './failures.ts';
import type { Findings, Place } from './place.ts';
import { lateText } from './texts.ts';

/** What does not happen while a function fails. */
const WAITS: Readonly<Record<string, string>> = {
  collect:
    'senders are answered 5xx, after which most send again, or 429 by a Function URL that Lambda throttles, after which they do not',
  register: 'new days are in no query until its hourly run',
  write: 'rows wait in landing/',
  'ingest-plan': "nobody looks for customers' drops",
  'ingest-trigger': 'a customer is not answered, and the plan loads the data by its schedule',
  'ingest-load': 'days are not loaded',
  export: 'days are not exported',
  'curate-plan': 'no day is queued to be curated',
  curate: 'days are not curated, and queries read more',
  reconcile: 'the hours of the last days are not judged',
  relay: 'copies of requests wait',
};

/**
 * When the work of functions began to fail by another finding that tells of their errors, and until when, epoch milliseconds: objects that
 * wait, requests without an answer, nights that did not judge, and days without a partition.
 *
 * @param told The findings that may tell of it: a judge whose settings are not deployed is silent.
 */
function toldTimes(
  { functionErrors, lastNight, partitions, unreached, waiting }: StatusFacts,
  { now }: Place,
  told: readonly Finding[],
): Readonly<Record<string, { readonly from: number; readonly to: number }>> {
  const isTold = (code: FindingCode) => told.some((other) => other.code === code);
  const oldest = waiting.landing?.oldest ?? null;
  const isUrlThrottled = told.some(({ case: name }) => name === 'throttledUrl');
  const hours = (unreached ?? [])
    .filter(({ kind }) => kind === '5xx' || isUrlThrottled)
    .map(({ hour }) => Date.parse(hour));
  const isGap = partitions?.gaps.some(({ elsewhere }) => elsewhere === undefined) === true;
  // A registrar that runs again is not why a day lacks its partition now.
  const isRegistrarFailing =
    functionErrors?.some(({ part, isOver }) => part === 'register' && !isOver) === true;
  return {
    ...(isTold('SLUICE_FINDING_LANDING_LATE') && oldest !== null
      ? { write: { from: Date.parse(oldest), to: now } }
      : {}),
    ...(isTold('SLUICE_FINDING_UNREACHED') && hours.length > 0
      ? { collect: { from: Math.min(...hours), to: Math.max(...hours) + HOUR_MS } }
      : {}),
    ...(isTold('SLUICE_FINDING_NIGHT_MISSING')
      ? { reconcile: { from: Date.parse(lastNight?.at ?? '') || 0, to: now } }
      : {}),
    ...(isTold('SLUICE_FINDING_PARTITION_WRONG') && isGap && isRegistrarFailing
      ? { register: { from: 0, to: now } }
      : {}),
  };
}

/**
 * Functions with errors, but for those that another finding has: errors within its time, or the failure of its dead letters.
 *
 * @param others The findings that were told before.
 */
export function* functionFindings(facts: StatusFacts, place: Place, others: readonly Finding[]): Findings {
  const { stack, commands, ringing } = place;
  const { deadLetters, failures, functionErrors } = facts;
  // Dead letters may be old, and the function may fail with something new.
  const ofDeadLetters: readonly string[] = (deadLetters ?? []).flatMap(({ part, queue }) => {
    const dead = failures[queue];
    const isSame = failures[part]?.code === dead?.code && failures[part]?.kind === dead?.kind;
    return dead !== undefined && isSame ? [part] : [];
  });
  const times = toldTimes(facts, place, others);
  for (const functionError of functionErrors ?? []) {
    const told = times[functionError.part];
    // Lambda counts by the minute in which a run began.
    const isWithin =
      told !== undefined &&
      Math.max(Date.parse(functionError.first), place.now - DAY_MS) + MINUTE_MS > told.from &&
      Date.parse(functionError.last) <= told.to;
    // Throttling alone that is over has cost nothing but time.
    const isPast = functionError.isOver && functionError.errors === 0;
    if (isPast || isWithin || ofDeadLetters.includes(functionError.part)) continue;
    const why = facts.failures[functionError.part];
    const texts = [
      errorsText(functionError),
      ...(why === undefined ? [] : [`It failed last at ${why.text}`]),
      functionError.isOver ? 'Later runs had none.' : 'No later run is counted yet.',
      ...waitsText(functionError),
    ];
    const log = commands.log(functionLog(stack, functionError.part), place.now - DAY_MS);
    const { part, errors, throttled, invocations, first, isOver } = functionError;
    const had =
      errors === 0
        ? `Lambda throttled ${counted(throttled, 'run')} of ${part}`
        : `${someOf(errors, invocations, 'invocation')} of ${part} had errors`;
    const error = {
      ...(isOver ? { case: 'over' as const } : failureTold(facts, part, why, place.config)),
      subject: part,
      // Runs that failed before the 24 hours, without a good one since, were read, too.
      isOfDay: Date.parse(first) >= place.now - DAY_MS,
      title: `${had}${isOver ? ', and later ones had none' : ''}`,
      since: first,
      detail: texts.join(' '),
    };
    const shown = [...explained(error, part, place), log];
    const severity = isOver ? 'warning' : 'problem';
    const found = finding('SLUICE_FINDING_FUNCTION_FAILED', error, shown, severity);
    yield ringing.tell({ ...found, isByKey: why?.isByKey === true }, [`${part}-errors`]);
  }
}

/** Functions that do not run: of each, what asks for it. */
export function idleFindings(
  facts: StatusFacts,
  place: Place,
): readonly { readonly found: Finding; readonly part: string; readonly isQueue: boolean }[] {
  const { idleFunctions, isLocal } = facts;
  const { commands, now } = place;
  return (idleFunctions ?? []).map(({ part, messages, schedule, since, hasRun }) => {
    const meanwhile = `Until it runs ${WAITS[part] ?? 'its work waits'}.`;
    const waits = `${counted(messages, 'message')} of ${part} ${messages === 1 ? 'waits' : 'wait'}, and Lambda takes none`;
    const late =
      since === null || schedule === null || hasRun !== true
        ? `where its schedule is ${schedule}`
        : `and its ${schedule} schedule is ${lateText(since, schedule, now)}`;
    const paused = `No run of ${part} has begun, ${late}`;
    const isQueue = messages > 0;
    const title = isQueue ? waits : paused;
    const key = queueFault(facts, part, place)?.keyPoint ?? null;
    const asked = isQueue ? 'queue' : 'schedule';
    const unasked = isLocal ? 'local' : asked;
    const encrypted = key === null ? '' : ` ${partName(place.stack, part)}: ${key}.`;
    const found = finding(
      'SLUICE_FINDING_NOT_RUN',
      {
        case: key === null ? unasked : 'encrypted',
        title,
        since,
        detail: `${title}.${encrypted} ${meanwhile}`,
      },
      isLocal || key !== null ? [] : [commands.sluice('doctor', '--drift')],
    );
    return { found, part, isQueue };
  });
}

/** What does not happen, and what waits for the next try. */
function waitsText({ part, isOver, waits }: FunctionErrors): readonly string[] {
  const { messages = 0, since = null } = waits ?? {};
  const oldest = since === null ? '' : `, the oldest since ${since}`;
  const queue = `${counted(messages, 'message of its queue waits', 'messages of its queue wait')}${oldest}`;
  if (isOver) return messages === 0 ? [] : [`Now ${queue}.`];
  const besides = waits === null ? '' : `; ${queue}`;
  return [`Until a run succeeds ${WAITS[part] ?? 'its work waits'}${besides}.`];
}
