import { type Exclusive, exclusive, mapLimit } from '../../../base/concurrency.ts';
import { SluiceError } from '../../../base/errors.ts';
import { counted } from '../../../base/text.ts';
import type { UtcDay } from '../../../base/time.ts';
import { UNREADABLE } from '../../../ledger/Ledger.ts';
import { type LedgerEntry, NO_FILES } from '../../../ledger/LedgerEntry.ts';
import { LedgerError } from '../../../ledger/LedgerError.ts';
import { countFiles, type Drop } from '../../Drop.ts';
import { dropPlace } from '../../datasetFolder.ts';
import { isOutOfTime } from '../../IngestError.ts';
import { isMoved } from '../../lastLoad.ts';
import { PARALLEL_DATASETS, PARALLEL_ENTRIES } from '../../limits.ts';
import { listEachDrop } from '../../listDrops.ts';
import { emptyWords, lacksRows } from '../../usual/usualRows.ts';
import type { LateLook } from '../messageBodies.ts';
import { bucketUntil, type PlanPorts } from '../planDataset.ts';
import { asSettled, hasYet, isLoadedOrFailed, wasInLookback } from './arrival.ts';
import { type DueDay, firstDay } from './dueDays.ts';
import { earlierFirst, expectedFrom, type FirstExpectedPorts, firstExpected } from './firstExpected.ts';
import type { CameDay, LateDay, LateNote } from './lateNotes.ts';
import { type LateTurnPorts, lateLooks, type SourceDataset } from './lateTurns.ts';

/** The ports of {@link findLateDrops}. */
export interface ExpectedDropsPorts
  extends Pick<PlanPorts, 'bucketOf' | 'deadline'>,
    LateTurnPorts,
    FirstExpectedPorts {}

/** The result of a check of all datasets with `expectedBy`. */
interface LateDrops {
  /** Number of datasets that were to be looked at. */
  readonly datasets: number;
  /** The late days, also those before the lookback, for which no alarm rings. */
  readonly late: readonly (LateDay & { readonly source: string; readonly dataset: string })[];
  /** Datasets that could not be checked. They do not stop the others. The plan also reports datasets that it can't list. */
  readonly failed: readonly { readonly source: string; readonly dataset: string; readonly code: string }[];
}

/**
 * Finds late drops: days of datasets with `expectedBy` that are due, that no load has read, and whose folder has nothing to
 * load or lacks the dataset's marker. A day that failed, or was deleted after its load, is not late, as it is reported
 * elsewhere. Nothing is queued: the dataset's schedule decides when the day is loaded.
 *
 * Nothing is late before the first day that came within its lookback, even if a backfill has loaded an older one; while
 * none has come, before the day of the first look. A day stays late for `NAMED_DAYS` (limits.ts) after the lookback: no
 * run loads it then by itself, so that it is late until somebody has it loaded.
 */
export async function findLateDrops(
  ports: ExpectedDropsPorts,
  request: Pick<LateLook, 'sources'>,
): Promise<LateDrops> {
  const inTurn = await lateLooks(ports, request);
  const alone = exclusive();
  const late: LateDrops['late'][number][] = [];
  const failed: LateDrops['failed'][number][] = [];
  await mapLimit(inTurn, PARALLEL_DATASETS, async (turn) => {
    const { source, dataset } = turn.item;
    const place = { source: source.name, dataset: dataset.name };
    const fail = (code: string) => failed.push({ ...place, code });
    if (ports.clock.now() >= ports.deadline) {
      fail('SLUICE_INGEST_OUT_OF_TIME');
      return;
    }
    try {
      const before = await turn.look.catch((error) => {
        if (!(error instanceof LedgerError && error.code === UNREADABLE)) throw error;
        // The note is reported once and made anew: the ledger and the folder have what it says.
        fail(error.code);
        return null;
      });
      const looked = await lookAndNote(ports, { ...turn.item, due: turn.due, before, alone });
      late.push(...looked.late.map((lateDay) => ({ ...place, ...lateDay })));
      // The next look begins with the days that are left.
      if (looked.left > 0) fail('SLUICE_SOURCE_SLOW');
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      fail(error.code);
    }
  });
  return { datasets: inTurn.length, late, failed };
}

/** A look at some due days of a dataset, and what it rests on. */
interface DueLook extends SourceDataset {
  /** The days that are due, in order. */
  readonly due: readonly DueDay[];
  /** The note of the last look; null if there is none. */
  readonly before: LateNote | null;
  /** Held while entries are read, and while a day has many objects. */
  readonly alone: Exclusive;
}

/** Looks at due days, and writes the note of the look, also of one that fails. @throws what the look and the note throw. */
async function lookAndNote(ports: ExpectedDropsPorts, look: DueLook): Promise<LookedDays> {
  const { source, dataset, due, before } = look;
  const now = ports.clock.now();
  const write = (note: LateNote) => ports.lateNotes.write(source.name, dataset.name, note);
  const looked = await lookAtDueDays(ports, look).catch(async (error) => {
    // A look that reached no day in time is none: the run counts the dataset as missing. Others come before it the next
    // time.
    const times = isOutOfTime(error) ? { at: before?.at ?? 0, triedAt: now } : { at: now };
    // Days that were late stay late, and all due days are looked at again.
    await write({
      ...times,
      first: expectedFrom(dataset, before, now),
      late: before?.late ?? [],
      open: due.map(({ day }) => day),
    });
    throw error;
  });
  const { first, late, open, came } = looked;
  await write({ at: now, first, late, open, came });
  return looked;
}

/** What a look has found, as the note has it. */
interface LookedDays extends Required<Pick<LateNote, 'first' | 'late' | 'open'>>, Pick<LateNote, 'came'> {
  /** Number of days that were not reached before the deadline: the first of `open`. */
  readonly left: number;
}

/**
 * Looks at due days. Days that were late and that it does not look at, or does not reach before the deadline, stay late.
 *
 * @throws IngestError `SLUICE_INGEST_OUT_OF_TIME` if the deadline passes before the first day is listed.
 */
async function lookAtDueDays(ports: ExpectedDropsPorts, look: DueLook): Promise<LookedDays> {
  const { source, dataset, due, before } = look;
  const known = await readDueDays(ports, look);
  const place = dropPlace(source, dataset);
  // A day that came to the former place, with rows, has come.
  const cameElsewhere = ({ entry, empty }: KnownDay) =>
    isMoved(entry, place) && entry?.fingerprint !== NO_FILES && empty === null;
  const lookback = firstDay(dataset, ports.clock.now());
  const first = await firstExpected(ports, look, before);
  // While no day has come, any day of the lookback may be the first.
  const from = first.hasCome || first.day < lookback ? first.day : lookback;
  const waiting = known.filter(
    (day) => day.dueDay.day >= from && !isLoadedOrFailed(day.entry) && !cameElsewhere(day),
  );
  const listed = await listWaiting(ports, look, waiting, lookback);
  const came = known.flatMap(({ dueDay: { day }, entry }) =>
    wasInLookback(dataset, day, entry) ? [day] : [],
  );
  const expected = earlierFirst(first, [...came, ...listed.came]);
  const left = new Set(listed.left);
  const dues = new Set(due.map(({ day }) => day));
  const stillLate = before?.late.filter(({ day }) => left.has(day) || !dues.has(day)) ?? [];
  const unread = listed.unread.toSorted((a, b) => (a.day < b.day ? -1 : 1));
  const reached = waiting.map(({ dueDay: { day } }) => day).filter((day) => !left.has(day));
  return {
    first: expected,
    late: [...listed.late, ...stillLate]
      .filter(({ day }) => day >= expected.day)
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
    open: [...left, ...reached.filter((day) => day >= expected.day).sort()],
    ...(unread.length === 0 ? {} : { came: unread }),
    left: left.size,
  };
}

/** A due day, as the ledger knows it. */
interface KnownDay {
  /** The day, and when it was due. */
  readonly dueDay: DueDay;
  /** `1 file, 0 rows`, if it came without rows and its weekday usually has some; null otherwise. */
  readonly empty: string | null;
  /** Without the names of its files, which may be many; null if the ledger has none. */
  readonly entry: LedgerEntry | null;
}

/** Reads what the ledger has of due days. */
async function readDueDays(
  { ledger }: ExpectedDropsPorts,
  { source, dataset, due, alone }: DueLook,
): Promise<readonly KnownDay[]> {
  const release = await alone();
  return mapLimit(due, PARALLEL_ENTRIES, async (dueDay) => {
    const key = { source: source.name, dataset: dataset.name, day: dueDay.day };
    const entry = asSettled(await ledger.read(key));
    const empty = entry !== null && lacksRows(entry) ? emptyWords(entry) : null;
    return { dueDay, empty, entry: entry === null ? null : { ...entry, files: [] } };
  }).finally(release);
}

/** What the folders of days have that no load has read. */
interface ListedDays {
  /** Days whose drop has not come. */
  readonly late: readonly LateDay[];
  /** Days whose drop has come, or that have files at least. */
  readonly came: readonly UtcDay[];
  /** The days of `came` whose drop is whole: nothing but a run is missing. */
  readonly unread: readonly CameDay[];
  /** Days that were not listed before the deadline, in order. */
  readonly left: readonly UtcDay[];
}

/**
 * Lists the folders of days that no load has read: a drop that arrived after the last run of the plan is not in the
 * ledger yet.
 *
 * @param lookback The first day of the lookback.
 * @throws IngestError `SLUICE_INGEST_OUT_OF_TIME` if the deadline passes before the first day is listed.
 */
async function listWaiting(
  ports: ExpectedDropsPorts,
  { source, dataset, alone }: DueLook,
  waiting: readonly KnownDay[],
  lookback: UtcDay,
): Promise<ListedDays> {
  const waitingDays = new Map(waiting.map((known) => [known.dueDay.day, known]));
  const left = new Set(waitingDays.keys());
  const late: LateDay[] = [];
  const came: UtcDay[] = [];
  const unread: CameDay[] = [];
  const use = async (day: UtcDay, drop: Drop) => {
    left.delete(day);
    const known = waitingDays.get(day);
    if (known === undefined) return;
    const { dueDay, empty, entry } = known;
    if (empty !== null && entry?.fingerprint === drop.fingerprint) {
      late.push({ ...dueDay, empty });
      return;
    }
    const has = hasYet(dataset, day, drop, { isOld: day < lookback, isKnown: entry !== null });
    if (has === null || drop.files.length > 0) came.push(day);
    if (has !== null) late.push({ ...dueDay, ...has });
    else if (drop.lastModified !== null)
      unread.push({ ...dueDay, words: counted(countFiles(drop), 'file'), since: drop.lastModified });
  };
  if (left.size > 0)
    await listEachDrop(bucketUntil(ports, source, dataset), dataset, [...left], { use, alone }).catch(
      (error) => {
        // What was found before the deadline is kept.
        if (!isOutOfTime(error) || left.size === waitingDays.size) throw error;
      },
    );
  return { late, came, unread, left: [...left] };
}
