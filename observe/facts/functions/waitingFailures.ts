import { workingParts } from '../../../infra/template/functionWork.ts';
import { unusedFunctions } from '../../../infra/template/unusedFunctions.ts';
import { DAY_MS, HOUR_MS, isoTimestamp } from '../../../lib/base/time.ts';
import { NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';
import type { ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import type { AskPart, Deployment } from '../../deployment.ts';
import { readDeadFailure } from '../flow/failures/deadFailure.ts';
import type { DeadLetters } from '../flow/failures/deadLetters.ts';
import { type LastFailure, readLastFailure } from '../flow/failures/lastFailure.ts';
import { isStreamLate } from '../flow/streamState.ts';
import type { UnreachedRequests } from '../flow/unreachedRequests.ts';
import { isLandingLate, type WaitingObjects } from '../flow/waitingObjects.ts';
import type { RecentPartitions } from '../tables/partitionGaps.ts';
import type { FunctionErrors } from './functionErrors.ts';

/** How long before something began to wait a log is read, milliseconds: it was tried before then, too. */
const TRIES_MS = 3 * HOUR_MS;

/** What tells that something waits; null: unknown. */
interface WaitingFacts {
  /** Functions with failed runs. */
  readonly functionErrors: readonly FunctionErrors[] | null;
  /** How days compare with their partitions. */
  readonly partitions: Pick<RecentPartitions, 'gaps'> | null;
  /** Hours as the nights have judged them. */
  readonly receivedHours: readonly Pick<ReceivedHour, 'why'>[] | null;
  /** Requests that did not reach the collector, or that it did not answer. */
  readonly unreached: readonly Pick<UnreachedRequests, 'kind'>[] | null;
  /** What waits in the stream and in the landing. */
  readonly waiting: {
    readonly landing: WaitingObjects | null;
    readonly buffered: { readonly oldest: string | null };
  };
  /** Queues with dead letters. */
  readonly deadLetters: readonly DeadLetters[] | null;
  /** Whether the key of the bucket cannot be used. */
  readonly isKeyOff: boolean;
}

/** What functions failed with last, by the name of the function, or of the queue of dead letters. */
type Failures = Readonly<Record<string, LastFailure>>;

/**
 * Why something waits: what each function failed with, from some tries before it began to wait; as `failures` of statusFacts.ts. The logs
 * are read one after the other: an account may call FilterLogEvents few times a second.
 */
export async function readFailures(
  deployment: Deployment,
  facts: WaitingFacts,
  askLog: AskPart,
): Promise<Failures> {
  const found: Record<string, LastFailure> = {};
  for (const [part, from] of waitingParts(facts, deployment)) {
    const why = await askLog(part, () => readLastFailure(deployment, part, from));
    if (why !== null) found[part] = why;
  }
  for (const letters of facts.deadLetters ?? []) {
    const why = await askLog(letters.part, () => readDeadFailure(deployment, letters));
    if (why !== null) found[letters.queue] = why;
  }
  return found;
}

/** The functions of which something waits, with the time from which each one's log is read, epoch milliseconds. */
function waitingParts(
  { functionErrors, partitions, receivedHours, unreached, waiting, isKeyOff }: WaitingFacts,
  { now, config }: Pick<Deployment, 'now' | 'config'>,
): ReadonlyMap<string, number> {
  const triesBefore = (since: string | null) =>
    Math.min(now - DAY_MS, Date.parse(since ?? isoTimestamp(now)) - TRIES_MS);
  const { landing, buffered } = waiting;
  const parts = new Map<string, number>();
  for (const { part, last, isOver, errors } of functionErrors ?? [])
    if (!isOver || errors > 0) parts.set(part, triesBefore(last));
  const oldest = landing !== null && isLandingLate(landing, now) ? landing.oldest : null;
  // No earlier failure was about an object that waits.
  if (oldest !== null) parts.set('write', Date.parse(oldest));
  if (partitions !== null && partitions.gaps.length > 0) parts.set('register', triesBefore(null));
  if (receivedHours?.some(({ why }) => why === NOT_LOOKED)) parts.set('reconcile', triesBefore(null));
  if (isStreamLate(buffered.oldest, { config, now })) parts.set('landing', triesBefore(buffered.oldest));
  if (isKeyOff || unreached?.some(({ kind }) => kind === '5xx')) parts.set('collect', triesBefore(null));
  return parts;
}

/**
 * The functions in whose logs the first failure of a key is looked for: those whose last failure is of the key, and all that are in use, as
 * the one that failed first may have nothing more to do, and so no failure of the last day. None if no last failure is of a key.
 */
export function failedByKey(
  config: Deployment['config'],
  { failures, deadLetters }: Pick<WaitingFacts, 'deadLetters'> & { readonly failures: Failures },
): readonly string[] {
  const logs = Object.entries(failures).flatMap(([name, { isByKey }]) => {
    const { part = name } = deadLetters?.find(({ queue }) => queue === name) ?? {};
    return isByKey ? [part] : [];
  });
  if (logs.length === 0) return [];
  const unused = unusedFunctions(config);
  const used = ['collect', ...workingParts].filter((part) => !unused.includes(part));
  return [...new Set([...logs, 'landing', ...used])];
}
