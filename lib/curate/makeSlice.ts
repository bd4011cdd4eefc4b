import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '../base/concurrency.ts';
import { sum } from '../base/sum.ts';
import type { Attempt } from '../lambda/machine.ts';
import type { SliceResult } from '../ledger/CuratedDay.ts';
import type { FetchedObject } from '../parquet/fetchFiles.ts';
import { versionNoteKey } from '../tables/ledgerKeys.ts';
import { versionPrefix } from '../tables/tableFolders.ts';
import { Batches, countRows } from './Batches.ts';
import { CurateError } from './CurateError.ts';
import type { Curator } from './Curator.ts';
import type { CuratedTable } from './curatedTables.ts';
import type { CurateSlice } from './engine/CurateRequest.ts';
import { BEGUN_KEPT_MS, PARALLEL_UPLOADS } from './limits.ts';

/** The slice of a day that a task makes. */
interface MadeSlice extends CurateSlice {
  /** The curated table with its columns and its key. */
  readonly table: CuratedTable;
  /** The day that is curated. */
  readonly day: string;
  /** The version whose folder the slice is written to. */
  readonly version: string;
  /** When the version was named, epoch milliseconds. */
  readonly begunAt: number;
}

/** The files whose rows a curated day is made of. Each slice reads all of them. */
interface SliceInputs {
  /** The raw files of the day. */
  readonly raw: readonly FetchedObject[];
  /** Files of the current version, whose rows the next version keeps. */
  readonly kept: readonly FetchedObject[];
}

/**
 * Makes the curated files of a slice of a day and uploads them to the folder of the version. Names begin with the
 * owner, so that no file of another attempt is taken for one of this attempt. Files that no attempt has recorded are
 * deleted before the version is published.
 *
 * @throws CurateError, EngineError, LoadError; the signal's reason.
 */
export async function makeSlice(
  curator: Curator,
  run: Attempt,
  place: MadeSlice,
  { raw, kept }: SliceInputs,
): Promise<SliceResult> {
  const { landing, config, limits } = curator;
  const { table, day, version, slices, slice, begunAt } = place;
  if (raw.length + kept.length === 0) return nothing;
  const outputDirectory = join(curator.directory, 'curated');
  await mkdir(outputDirectory);
  const batches = new Batches(curator, run, raw, kept);
  const planned = await batches.plan();
  const request = {
    table,
    slices,
    slice,
    rowsAtOnce: planned.rowsAtOnce,
    outputDirectory,
    limits,
    files: raw.length + kept.length,
    hasKept: kept.length > 0,
    nextBatch: () => batches.next(),
    signal: run.signal,
  };
  const { written, account } = await curator.curate(request);
  await batches.remove();
  const rows = sum(written.map(({ path }) => countRows(path, basename(path))));
  const { rawRows, sliceRows, resends } = account;
  if (rawRows !== batches.rows || account.rows !== rows || sliceRows + account.kept !== rows + resends) {
    throw new CurateError(
      'SLUICE_CURATE_COUNTS_DIFFER',
      `${rawRows} of ${batches.rows} raw rows; ${account.rows} of ${rows} written rows and ${resends} resends of ${sliceRows} and ${account.kept} kept.`,
    );
  }
  await curator.faultPoint?.('curated');

  run.signal.throwIfAborted();
  const prefix = versionPrefix(config, table.name, day, version);
  const note = { due: begunAt + BEGUN_KEPT_MS, table: table.name, day, version };
  if (written.length > 0) await landing.putNote(versionNoteKey(note));
  await curator.faultPoint?.('begun');
  const files = await mapLimit(written, PARALLEL_UPLOADS, async ({ path, bytes }) => {
    const name = `${run.owner.slice(0, 8)}-${basename(path)}`;
    await landing.upload(path, `${prefix}${name}`, run.signal);
    return { name, bytes };
  });
  await curator.faultPoint?.('uploaded');
  await rm(outputDirectory, { recursive: true, force: true });
  return { ...account, files: [...files] };
}

/**
 * The only slice of a day that has no raw files and keeps no rows. Its version is empty, so that nothing of what was
 * deleted is read any more.
 */
const nothing: SliceResult = {
  rawRows: 0,
  sliceRows: 0,
  kept: 0,
  rows: 0,
  resends: 0,
  differing: 0,
  files: [],
};
