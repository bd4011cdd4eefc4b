import { counted } from '../../../lib/base/text.ts';
import { DAY_MS } from '../../../lib/base/time.ts';
import { type AnswerKind, failureKind } from '../../answerKinds.ts';
import {
  damagedText,
  isLandingLate,
  type UndeletedObjects,
  type WaitingObjects,
  waitingText,
} from '../../facts/flow/waitingObjects.ts';
import type { FunctionErrors } from '../../facts/functions/functionErrors.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { functionLog } from '../../readLog.ts';
import { type CaseOf, type Finding, finding } from '../catalogue.ts';
import { deadText, isOfLanding } from './deadLetters.ts';
import { explained, failedAt, failureTold, queueFault } from './failures.ts';
import type { Findings, Place } from './place.ts';

/** What waits in the landing, and what of it can't be read or deleted. */
export function* landingFindings(facts: StatusFacts, place: Place): Findings {
  const { now, commands } = place;
  const { landing, undeleted, damaged } = facts.waiting;
  if (landing !== null && isLandingLate(landing, now)) {
    const dead = (facts.deadLetters ?? []).filter((letters) => isOfLanding(facts, letters, place));
    const deadTexts = dead.map(deadText);
    const cause = landingCase(facts, deadTexts.length > 0, place);
    const { writer } = facts;
    const gone = writer?.goneAt ?? null;
    const end = gone === null ? 'their number does not fall' : `they are gone at ${gone}`;
    const behind =
      cause.case === 'backlog' ? `, behind about ${counted(writer?.messages ?? 0, 'message')}: ${end}` : '';
    const later =
      cause.case === 'gone' || (cause.case === 'queue' && isOver(facts)) ? ' Later runs had none.' : '';
    const told = {
      ...cause,
      title: `${objectsText(landing)} of landing/ ${landing.count === 1 ? 'waits' : 'wait'} to become files of tables${behind}`,
      since: landing.oldest,
      detail: `landing/: ${[waitingText(landing), ...deadTexts].join('; ')}.${queueText(facts, place)}${failedAt(facts, 'write')}${later}`,
    };
    const found = finding('SLUICE_FINDING_LANDING_LATE', told, [
      ...(cause.case === 'unasked' ? [commands.sluice('doctor', '--drift')] : []),
      ...explained(cause, 'write', place),
      commands.sluice('redrive', '--landing'),
    ]);
    yield dead.length === 0 ? found : place.ringing.tell(found, ['write-dead-letters']);
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
  if (undeleted !== null && undeleted.count > 0) yield undeletedFinding(undeleted, place);
}

/** The cases of objects that are not deleted. */
const UNDELETED_CASES = {
  denied: 'denied',
  missing: 'error',
  busy: 'passes',
  quota: 'error',
  awsFailed: 'passes',
  error: 'error',
} as const satisfies Record<AnswerKind, CaseOf<'SLUICE_FINDING_UNDELETED'>>;

/** Objects that are written, and that the bucket does not delete. */
function undeletedFinding(undeleted: UndeletedObjects, { commands, now, stack }: Place): Finding {
  const { count, oldest, why } = undeleted;
  const name = UNDELETED_CASES[failureKind(why ?? '')];
  const told = {
    case: name,
    title: `${objectsText(undeleted)} of landing/, whose rows are in tables, ${count === 1 ? 'was' : 'were'} not deleted: ${why}`,
    since: oldest,
    detail: `landing/: ${waitingText(undeleted)}. S3 answers ${why} to s3:DeleteObject.`,
  };
  const shown = {
    denied: [commands.sluice('doctor')],
    passes: [],
    error: [commands.log(functionLog(stack, 'write'), now - DAY_MS)],
  };
  return finding('SLUICE_FINDING_UNDELETED', told, shown[name]);
}

/** `3 objects`, `at least 10,000 objects` */
function objectsText({ count, hasMore }: Pick<WaitingObjects, 'count' | 'hasMore'>): string {
  return `${hasMore ? 'At least ' : ''}${counted(count, 'object')}`;
}

/** Why objects wait. @param isDead Whether messages of the writer are dead letters. */
function landingCase(
  facts: StatusFacts,
  isDead: boolean,
  place: Pick<Place, 'config' | 'stack'>,
):
  | ReturnType<typeof failureTold>
  | { readonly case: 'backlog' | 'gone' | 'queue' | 'unannounced' | 'unasked' } {
  const told = failureTold(facts, 'write', facts.failures['write'], place.config);
  const { oldest } = facts.waiting.landing ?? {};
  const errors = writerErrors(facts);
  const isFailing = told.case !== 'unknown' || (errors !== undefined && errors.last >= (oldest ?? ''));
  const isChanged = queueFault(facts, 'write', place) !== undefined;
  // What failed comes again while the queue has its message.
  const isGone = isOver(facts) && (isChanged || errors?.waits?.messages === 0);
  if (isDead || (isFailing && !isGone)) return told;
  if (isBacklog(facts)) return { case: 'backlog' };
  if (facts.bucketFaults.some(({ name }) => name === 'events')) return { case: 'unannounced' };
  if (isChanged) return { case: 'queue' };
  return { case: isFailing ? 'gone' : 'unasked' };
}

/** What Lambda has counted of the writer; undefined without an error within 24 hours. */
function writerErrors({ functionErrors }: Pick<StatusFacts, 'functionErrors'>): FunctionErrors | undefined {
  return functionErrors?.find(({ part }) => part === 'write');
}

/** Whether runs of the writer have succeeded since it failed last. */
function isOver(facts: Pick<StatusFacts, 'functionErrors'>): boolean {
  return writerErrors(facts)?.isOver === true;
}

/** How the queue of the writer differs, as a sentence; empty if it does not. */
function queueText(facts: StatusFacts, place: Pick<Place, 'stack'>): string {
  const fault = queueFault(facts, 'write', place);
  return fault === undefined ? '' : ` ${fault.name}: ${fault.differs.join('; ')}.`;
}

/** The share of waiting objects whose messages the queue has at least: metrics come some minutes late, and are approximate. */
const QUEUED_SHARE = 0.5;

/** Whether the writer goes on, and its queue has messages of the objects that wait: of others nobody asks it. */
function isBacklog({ writer, waiting: { landing } }: Pick<StatusFacts, 'writer' | 'waiting'>): boolean {
  if (writer == null || writer.perMinute === null) return false;
  return writer.messages >= QUEUED_SHARE * (landing?.count ?? 0);
}
