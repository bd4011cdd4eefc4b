import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '../base/concurrency.ts';
import type { SliceResult } from '../ledger/CuratedDay.ts';
import type { EngineFile } from '../parquet/FileSchema.ts';
import { type FetchedObject, fetchFiles } from '../parquet/fetchFiles.ts';
import { versionNoteKey } from '../tables/ledgerKeys.ts';
import { versionPrefix } from '../tables/tableFolders.ts';
import { CurateError } from './CurateError.ts';
import type { CurateRun, Curator } from './Curator.ts';
import type { CuratedTable } from './curatedTables.ts';
import type { CurateSlice } from './engine/Curation.ts';
import { cutBatches, planCuration } from './engine/planCuration.ts';
import { BEGUN_KEPT_MS, PARALLEL_UPLOADS } from './limits.ts';
import type { RawDay } from './RawDays.ts';

/** The slice of a day that a task makes. */
export interface MadeSlice extends CurateSlice {
  readonly table: CuratedTable;
  readonly day: string;
  /** The version whose folder it writes to, and when that was named, epoch milliseconds. */
  readonly version: string;
  readonly begunAt: number;
}

/**
 * Makes the curated files of a slice of a day and uploads them to the folder of the version. Names begin with the owner, so
 * that nothing that another attempt has uploaded is taken for a file of this one: what no attempt has recorded is deleted
 * before the version is published.
 *
 * @throws CurateError, EngineError, LoadError; the signal's reason.
 */
export async function makeSlice(
  curator: Curator,
  run: CurateRun,
  place: MadeSlice,
  raw: RawDay,
): Promise<SliceResult> {
  const { landing, config, limits, clock } = curator;
  const { table, day, version, slices, slice, begunAt } = place;
  if (raw.files.length === 0) return nothing;
  const outputDirectory = join(curator.directory, 'curated');
  await mkdir(outputDirectory);
  const began = clock.now();
  const diskBytes = await curator.freeBytes();
  const planned = planCuration(raw.bytes, { ...curator.machine, diskBytes });
  if (!planned.fits) throw new CurateError('SLUICE_CURATE_DAY_TOO_LARGE', `${raw.bytes} bytes of raw files.`);
  const request = {
    ...{ table, slices, slice, bytes: raw.bytes, bytesAtOnce: planned.bytesAtOnce, outputDirectory, limits },
    files: raw.files.length,
    batches: fetchBatches(curator, run, cutBatches(raw.files, planned.batchBytes)),
    signal: run.signal,
  };
  const { written, account } = await curator.curate(request);
  const { rawRows, sliceRows, rows, resends } = account;
  if (sliceRows !== rows + resends || (slices === 1 && sliceRows !== rawRows)) {
    throw new CurateError(
      'SLUICE_CURATE_COUNTS_DIFFER',
      `${rawRows} raw rows, ${sliceRows} of them in slice ${slice}: ${rows} written, ${resends} resends.`,
    );
  }
  const curatedAt = clock.now();
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
  const durations = { curate: curatedAt - began, upload: clock.now() - curatedAt };
  return { ...account, files: [...files], durations };
}

/** The only slice of a day without raw files: its version is empty, so that nothing of what was deleted is read any more. */
const nothing: SliceResult = {
  ...{ rawRows: 0, sliceRows: 0, rows: 0, resends: 0, differing: 0 },
  files: [],
  durations: {},
};

/** Codes of raw files that can't be fetched. */
const FETCH_FAILURES = {
  body: 'SLUICE_CURATE_BUCKET_FAILED',
  full_disk: 'SLUICE_CURATE_DAY_TOO_LARGE',
  disk: 'SLUICE_CURATE_STOPPED',
} as const;

/** Fetches the raw files of a day batch by batch, and deletes each when the next one is asked for. */
async function* fetchBatches(
  { raw, directory, wait, random }: Curator,
  { signal }: CurateRun,
  batches: readonly (readonly FetchedObject[])[],
): AsyncGenerator<readonly EngineFile[]> {
  for (const [number, batch] of batches.entries()) {
    const folder = join(directory, `raw-${number}`);
    await mkdir(folder);
    try {
      const files = await fetchFiles(raw, batch, {
        ...{ directory: folder, wait, random, signal },
        // A detail names the file.
        failure: (of, detail, cause) => new CurateError(FETCH_FAILURES[of], detail, { cause }),
      });
      if (files === null) throw new CurateError('SLUICE_CURATE_FILES_CHANGED');
      yield files;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
