import { isReadVersion } from '../../ledger/movePartition.ts';
import type { Drop } from '../Drop.ts';
import { markerKey } from '../datasetFolder.ts';
import { decides, LOAD_TABLE, type LoadKind } from '../dayTable.ts';
import { hasSameFiles, isElsewhere, missingFiles } from '../lastLoad.ts';
import { lacksCommit, lacksMarker, settlesAt } from '../plan/decideDay.ts';
import { isSent } from '../plan/waitingReason.ts';
import { haveSameFates } from './fileFates.ts';
import type { DayLoad } from './Progress.ts';

/** Why a listed day is not loaded: an answer of {@link LOAD_TABLE}. */
export type SkipReason = 'unchanged' | 'marker' | 'settling';

/**
 * Why a listed day is not loaded; null if it is.
 *
 * @param kind Its column of {@link LOAD_TABLE}.
 */
export async function skipReason(load: DayLoad, kind: LoadKind, drop: Drop): Promise<SkipReason | null> {
  const { loader, place, progress } = load;
  const { dataset, day } = place;
  const { entry } = progress.claim;
  if (isElsewhere(drop, entry, progress.place) && !progress.accepts('empty')) return 'unchanged';
  const hasLeft = missingFiles(drop, entry, ['loaded']).length > 0;
  const isToEmpty = progress.accepts('empty') && (hasLeft || entry.missingSince !== undefined);
  const isUnchanged =
    (decides(LOAD_TABLE.unchanged, kind) || (dataset.filesLeave && hasLeft)) &&
    !isToEmpty &&
    entry.failure === undefined &&
    hasSameFiles(drop, entry, dataset.filesLeave) &&
    (await isRead(load));
  if (isUnchanged) return 'unchanged';
  if (decides(LOAD_TABLE.marker, kind) && lacksMarker(drop, markerKey(dataset, day), entry)) return 'marker';
  if (!decides(LOAD_TABLE.settling, kind) || isPlanned(load, drop)) return null;
  return settledAt(load, drop) > loader.clock.now() ? 'settling' : null;
}

/** Why a day is not loaded, once the logs of its folder are read; null if it is. */
export async function skipReasonRead(load: DayLoad, kind: LoadKind, drop: Drop): Promise<SkipReason | null> {
  const { place, progress } = load;
  const { entry } = progress.claim;
  if (isElsewhere(drop, entry, progress.place) && !progress.accepts('empty')) return 'unchanged';
  if (lacksCommit(drop, entry)) return 'marker';
  const isUnchanged =
    decides(LOAD_TABLE.unchanged, kind) &&
    !progress.accepts('empty') &&
    entry.fingerprint !== null &&
    haveSameFates(progress, place.dataset.filesLeave) &&
    (await isRead(load));
  return isUnchanged ? 'unchanged' : null;
}

/** What {@link settledAt} asks of a load. */
interface SettlingLoad extends Pick<DayLoad, 'progress'> {
  /** The time. */
  readonly loader: Pick<DayLoad['loader'], 'clock'>;
  /** The source, which says how long a day settles. */
  readonly place: Pick<DayLoad['place'], 'source'>;
}

/** When a day has settled, epoch milliseconds. */
export function settledAt({ loader, place, progress }: SettlingLoad, drop: Drop): number {
  const settleMs = place.source.settleMinutes * 60_000;
  return settlesAt(drop, progress.hasMoved ? null : progress.claim.entry, {
    now: loader.clock.now(),
    settleMs,
  });
}

/**
 * Whether queries read the version that the ledger has. A killed load may have moved the partition since, and its note would
 * delete the ledger's version.
 */
function isRead({ loader, invocation, place, progress }: DayLoad): Promise<boolean> {
  const { version } = progress.claim.entry;
  return isReadVersion(loader, { table: place.dataset.table, day: place.day, version }, invocation.deadline);
}

/** Whether the plan found these files settled, for this task or a later one. */
function isPlanned({ task, progress }: DayLoad, { fingerprint }: Drop): boolean {
  const { queued } = progress.claim.entry;
  return task.fingerprint === fingerprint || (queued?.fingerprint === fingerprint && isSent(queued));
}
