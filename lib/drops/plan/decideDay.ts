import { type LedgerEntry, NO_FILES } from '../../ledger/LedgerEntry.ts';
import { withoutMidnight } from '../../schema/fields/layout.ts';
import type { Drop } from '../Drop.ts';
import { firstAnswer, PLAN_TABLE, type TaskReason } from '../dayTable.ts';
import { archivedSince, hasSameFiles, isElsewhere, isMoved, missingFiles } from '../lastLoad.ts';
import { MARKER_AFTER_MS, REQUEUE_AFTER_MS, RETRY_AFTER_MS } from '../limits.ts';
import type { PlanRequest } from './messageBodies.ts';
import { isSent, markerReason } from './waitingReason.ts';

/** The decision of the plan on a day. */
export type DayDecision =
  | { readonly queue: TaskReason }
  /** Check again after this instant, epoch milliseconds. */
  | { readonly wait: 'settling' | 'loading' | 'marker'; readonly until: number }
  | { readonly skip: 'unchanged' | 'no_files' | 'queued' | 'failed' | 'archived' | 'elsewhere' };

/** The basis of a decision on a day. */
export interface DayTerms {
  /** Epoch milliseconds. */
  readonly now: number;
  /** How long a day must be unchanged before it is loaded. */
  readonly settleMs: number;
  /** Who asked for the day: then it does not wait to settle. Default: nobody did. */
  readonly asked?: PlanRequest['asked'];
  /** The dataset's table. A ledger entry for the dataset's previous table does not count. */
  readonly table: string;
  /** Whether it is before the lookback: a failure is not tried again. Default false. */
  readonly isOld?: boolean | undefined;
  /** `filesLeave` of the dataset. Default false. */
  readonly filesLeave?: boolean | undefined;
  /** Key of the marker that completes the day. Default none. */
  readonly marker?: string | undefined;
  /** Where its files are looked for (`dropPlace` of datasetFolder.ts). Default: where it was loaded from. */
  readonly place?: string | undefined;
}

/**
 * Decides on a day by {@link PLAN_TABLE}. It is queued if its files differ from the loaded ones, once they have settled
 * ({@link settlesAt}) and the dataset's marker exists. A day that somebody asked for does not wait. Whether the folder's
 * own log commits the files is known once a load has read it: the day waits then if that load has noted so.
 *
 * @param known The ledger's entry; null if there is none.
 */
export function decideDay(
  drop: Drop,
  known: LedgerEntry | null,
  { now, settleMs, asked, table, isOld = false, filesLeave, marker, place }: DayTerms,
): DayDecision {
  const entry = known?.table === table ? known : null;
  const { fingerprint } = drop;
  const leasedUntil = known?.lease?.until ?? 0;
  // Files that come while it is loaded in pieces are loaded afterwards: it would never end if it began anew for them.
  const isUnderWay = entry?.run !== undefined && now - entry.updatedAt < REQUEUE_AFTER_MS;
  const hasMoved = isMoved(entry, place);
  const isSame = entry !== null && hasSameFiles(drop, entry, filesLeave);
  const queued = entry?.queued;
  const until = () => settlesAt(drop, hasMoved ? null : entry, { now, settleMs });
  const isAccepted = asked === 'keep' || asked === 'empty';
  const answer = firstAnswer(PLAN_TABLE, entry?.state ?? 'none', {
    no_files: () => drop.lastModified === null && asked !== 'empty',
    // Queries still read the archived rows, but a load could not. If anything else changed, the load fails with that error.
    archived: () => entry?.fingerprint === fingerprint && archivedSince(drop, entry) !== null,
    elsewhere: () => !isAccepted && isElsewhere(drop, entry, place),
    backfill: () => asked === 'backfill',
    keep: () => asked === 'keep',
    empty: () => asked === 'empty',
    loading: () => leasedUntil > now || isUnderWay,
    // Its rows stay those of the other place beside files that have none.
    unchanged: () => isSame && (!hasMoved || entry.missingSince !== undefined),
    failed: () => isSame && asked === undefined && (isOld || now - entry.updatedAt < RETRY_AFTER_MS),
    queued: () => queued?.fingerprint === fingerprint && isSent(queued) && now - queued.at < REQUEUE_AFTER_MS,
    triggered: () => asked === 'triggered',
    marker: () =>
      lacksMarker(drop, marker, entry) ||
      (queued?.fingerprint === fingerprint && queued.reason === markerReason()),
    settling: () => until() > now,
    retried: () => isSame,
    deleted: () => fingerprint === NO_FILES,
    new: () => entry === null || entry.fingerprint === null,
    changed: () => true,
  });
  switch (answer) {
    case 'no_files':
    case 'archived':
    case 'elsewhere':
    case 'unchanged':
    case 'failed':
    case 'queued':
      return { skip: answer };
    case 'loading':
      return { wait: answer, until: leasedUntil > now ? leasedUntil : now + MARKER_AFTER_MS };
    case 'marker':
      return { wait: answer, until: now + MARKER_AFTER_MS };
    case 'settling':
      return { wait: answer, until: until() };
    default:
      return { queue: answer ?? 'changed' };
  }
}

/**
 * Whether a day lacks the marker that its dataset waits for. A loaded day that lost all of its objects waits for none.
 *
 * @param marker Its key; undefined if it waits for none.
 */
export function lacksMarker(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  marker: string | undefined,
  entry: Pick<LedgerEntry, 'version'> | null,
): boolean {
  const isGone = files.length + leftOut.length === 0 && entry?.version !== undefined;
  return (
    marker !== undefined && !isGone && !leftOut.some(({ object }) => withoutMidnight(object.key) === marker)
  );
}

/** Whether a folder's own log does not name any file yet of a day that has never been loaded. */
export function lacksCommit(
  { files, leftOut }: Pick<Drop, 'files' | 'leftOut'>,
  { version }: Pick<LedgerEntry, 'version'>,
): boolean {
  return (
    version === undefined && files.length === 0 && leftOut.some(({ reason }) => reason === 'not_committed')
  );
}

/**
 * When a day will have been unchanged for the settle time. The plan asks before it queues the day, and a load asks if the
 * files differ from those that the plan saw.
 *
 * S3 has a date for new objects, but not for deletions. So missing files settle from when they were first found missing,
 * which gives a job time to empty a day and write it again. Missing files are those that a load read, or should have read
 * but could not, as they may be deleted before they are replaced. A known day that has become empty counts the same.
 *
 * @param entry The ledger's entry; null if there is none.
 * @param now Epoch milliseconds; since when the files are missing, if the ledger has no note of it.
 * @returns Epoch milliseconds.
 */
export function settlesAt(
  drop: Drop,
  entry: LedgerEntry | null,
  { now, settleMs }: { readonly now: number; readonly settleMs: number },
): number {
  const changes = [drop.lastModified ?? Number.NEGATIVE_INFINITY];
  if (
    entry !== null &&
    (drop.lastModified === null || missingFiles(drop, entry, ['loaded', 'failed', 'held']).length > 0)
  )
    changes.push(lastSeenAt(drop, entry) ?? now);
  return Math.max(...changes) + settleMs;
}

/** Since when the ledger has this state of the day's files, epoch milliseconds; undefined if it is new. */
function lastSeenAt(
  { fingerprint }: Drop,
  { state, fingerprint: last, updatedAt, queued }: LedgerEntry,
): number | undefined {
  if (state === 'failed' && last === fingerprint) return updatedAt;
  return queued?.fingerprint === fingerprint ? queued.at : undefined;
}
