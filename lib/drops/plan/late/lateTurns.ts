import { mapLimit } from '../../../base/concurrency.ts';
import { utcDay } from '../../../base/time.ts';
import { oldestFirst } from '../../../ledger/ledgerStore.ts';
import type { Dataset, Source } from '../../../schema/sources.ts';
import { PARALLEL_DATASETS } from '../../limits.ts';
import type { LateLook } from '../messageBodies.ts';
import type { PlanPorts } from '../planDataset.ts';
import { planMetrics, type RunCounts } from '../planMetrics.ts';
import { requestedDatasets } from '../planSources.ts';
import { type DueDay, dueDays, firstDay, reportedDays } from './dueDays.ts';
import type { LateNote, LateNotes } from './lateNotes.ts';

/** The ports of {@link lateLooks}. */
export interface LateTurnPorts extends Pick<PlanPorts, 'clock'> {
  /** The sources of the configuration. */
  readonly sources: readonly Source[];
  /** The notes of the last looks. */
  readonly lateNotes: LateNotes;
}

/** A dataset of the configuration, and its source. */
export interface SourceDataset {
  /** The source of the configuration. */
  readonly source: Source;
  /** The dataset of that source. */
  readonly dataset: Dataset;
}

/** Datasets with `expectedBy`, of a request for some sources or of all. */
function expectedDatasets(
  { sources }: LateTurnPorts,
  request: Pick<LateLook, 'sources'>,
): readonly SourceDataset[] {
  return requestedDatasets(sources, request).filter(({ dataset }) => dataset.expectedBy !== undefined);
}

/** A dataset, and the note of its last look, whose promise rejects if it can't be read. */
interface LateTurn {
  /** The dataset. */
  readonly item: SourceDataset;
  /** The note of its last look; null if there is none. */
  readonly look: Promise<LateNote | null>;
  /** The days that are looked at. */
  readonly due: readonly DueDay[];
}

/**
 * Datasets with something to look at, in the order of {@link oldestFirst}: an hour in which nothing is due, and nothing
 * is waited for, costs one read of each.
 */
export async function lateLooks(
  ports: LateTurnPorts,
  request: Pick<LateLook, 'sources'>,
): Promise<readonly LateTurn[]> {
  const inTurn = await oldestFirst(expectedDatasets(ports, request), ({ source, dataset }) =>
    ports.lateNotes.read(source.name, dataset.name),
  );
  const open = await mapLimit(inTurn, PARALLEL_DATASETS, async (turn) => {
    // Whoever looks at the dataset reports a note that can't be read.
    const note = await turn.look.catch(() => null);
    const due = daysToLookAt(turn.item.dataset, note, ports.clock.now());
    return due.length === 0 ? [] : [{ ...turn, due }];
  });
  return open.flat();
}

/**
 * The days that a look is at. The first look of a UTC day is at all that can be late; any other at those that were open, and
 * those that are due since the last. Open days are the first, in the order of the note.
 */
function daysToLookAt(dataset: Dataset, note: LateNote | null, now: number): readonly DueDay[] {
  const all = dueDays(dataset, now, reportedDays(dataset));
  if (note?.open === undefined) return all;
  const { at, open } = note;
  const isFirstToday = utcDay(at) !== utcDay(now);
  const wanted = all.filter(({ day, due }) => isFirstToday || due > at || open.includes(day));
  const order = [...open, ...all.map(({ day }) => day)];
  return wanted.sort((a, b) => order.indexOf(a.day) - order.indexOf(b.day));
}

/**
 * Counts late days of lookbacks as the last looks have found them: those of a dataset that could not be looked at stay
 * late, and do not hide that others have come. The plan reports a note that can't be read.
 *
 * @param run When the run began, epoch milliseconds.
 */
export async function countLateDays(ports: LateTurnPorts, run: number): Promise<RunCounts> {
  const { lateNotes: notes, clock } = ports;
  let missing = 0;
  let late = 0;
  await mapLimit(expectedDatasets(ports, {}), PARALLEL_DATASETS, async ({ source, dataset }) => {
    // A note that can't be read counts as a look that is missing.
    const note = await notes.read(source.name, dataset.name).catch(() => null);
    const first = firstDay(dataset, clock.now());
    late += note?.late.filter(({ day }) => day >= first).length ?? 0;
    if ((note?.at ?? 0) < run && daysToLookAt(dataset, note, run).length > 0) missing += 1;
  });
  return { missing, values: [[planMetrics.drops_late, late]] };
}
