import type { CurateMachine, CurationPlan, RawTotals } from './CurateRequest.ts';

/** Bytes of a row in DuckDB's memory for a byte in the raw files, which are compressed. */
const MEMORY_RATIO = 6;
/** Share of DuckDB's memory that holds the rows that are sorted at once. The rest is for reading and writing. */
const SORT_SHARE = 0.4;
/** Bytes on the disk for a byte of raw files: staged rows, and curated rows. */
const STAGED_RATIO = 0.6;
/** Bytes of curated files for each byte of raw files, at most. */
const WRITTEN_RATIO = 0.6;
/** Share of the disk that is planned with. */
const DISK_SHARE = 0.8;
/** Share of that part of the disk for a batch of raw files. */
const BATCH_SHARE = 0.25;
/** Milliseconds of one CPU for a byte of raw files that a slice curates: measured, times two. */
const MS_PER_BYTE = 1 / 8_000;
/** Milliseconds of one CPU for a byte that a slice only reads, as its row is of another slice: measured, times two. */
const MS_PER_OTHER_BYTE = 1 / 100_000;
/**
 * Milliseconds to fetch a byte. Every slice fetches all files. A function has some 80 MB/s for long, however much memory it
 * has: https://arxiv.org/abs/1912.00937
 */
const MS_PER_FETCHED_BYTE = 1 / 80_000;
/** Share of the time that is planned with. The rest is for uploading, and for a slow start. */
const TIME_SHARE = 0.75;
/** The most slices of a day. */
const MOST_SLICES = 64;
/** The fewest rows that are sorted at once: sorted runs would be too short for row groups. */
const LEAST_ROWS = 50_000;

/**
 * Plans how a day is curated, from sizes and numbers of rows and before any row is read: into how many slices it is cut so
 * that each fits the disk and the time of one invocation.
 *
 * As every slice fetches all raw files, slices stop helping at some 25 GB a day: then `fits` is false.
 */
export function planCuration({ bytes, rows }: RawTotals, machine: CurateMachine): CurationPlan {
  const disk = machine.diskBytes * DISK_SHARE;
  const batchBytes = Math.max(1, Math.min(bytes, Math.floor(disk * BATCH_SHARE)));
  const rowBytes = rows === 0 ? 1 : Math.max(1, bytes / rows) * MEMORY_RATIO;
  const sorted = Math.floor((machine.memoryMegabytes * 2 ** 20 * SORT_SHARE) / rowBytes);
  const rowsAtOnce = Math.max(LEAST_ROWS, sorted);
  const planFor = (slices: number): CurationPlan => {
    const sliceBytes = bytes / slices;
    // Bytes of disk that one slice takes at most, a batch of raw files included.
    const diskBytes = Math.ceil(batchBytes + sliceBytes * (STAGED_RATIO + WRITTEN_RATIO));
    const work =
      (sliceBytes * MS_PER_BYTE + (bytes - sliceBytes) * MS_PER_OTHER_BYTE) / Math.max(1, machine.threads);
    // Without the time to upload files.
    const milliseconds = Math.ceil(work + bytes * MS_PER_FETCHED_BYTE);
    const fits = diskBytes <= disk && milliseconds <= machine.milliseconds * TIME_SHARE;
    return { slices, fits, rowsAtOnce, batchBytes };
  };
  for (let slices = 1; slices <= MOST_SLICES; slices += 1) {
    const plan = planFor(slices);
    if (plan.fits) return plan;
  }
  return planFor(1);
}
