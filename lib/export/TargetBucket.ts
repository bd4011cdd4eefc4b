import * as z from 'zod';
import type { UtcDay } from '../base/time.ts';

/**
 * A customer's bucket, as the export writes to it. Every call names the expected owner. Methods throw ExportError.
 */
export interface TargetBucket {
  /** Keys under a prefix with their sizes in bytes. */
  list(prefix: string): Promise<ReadonlyMap<string, number>>;
  /** The days that have a folder with an object in an export's folder. @param folder With a slash at its end. */
  listDays(folder: string): Promise<ReadonlySet<UtcDay>>;
  /**
   * Writes an object atomically, in parts if it is large.
   *
   * @param bytes Exactly `size` bytes, or nothing is written.
   */
  write(key: string, bytes: AsyncIterable<Uint8Array>, size: number): Promise<void>;
  /** Writes a small JSON object. */
  writeJson(key: string, text: string): Promise<void>;
  /** Deletes objects, which need not exist. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Aborts unfinished uploads of exported files under a day's folder, as their parts cost money. No other export may write
   * there at the same time.
   *
   * @param prefix The day's folder, with a slash at its end.
   * @returns How many were aborted; null if the bucket's policy does not allow listing them, as in Statsig's
   * documentation.
   */
  abortUploads(prefix: string): Promise<number | null>;
}

/** The manifest of a day: `_manifest.json` beside its files, written after all of them. */
export const manifestSchema = z.object({
  /** The form of the manifest. */
  version: z.literal(1),
  /** Name of the exported table. */
  table: z.string(),
  /** The exported day, `YYYY-MM-DD`. */
  day: z.string(),
  /** Identifies this state of the day. */
  fingerprint: z.string(),
  /** When the manifest was written, ISO 8601, UTC. */
  exportedAt: z.string(),
  /** Total bytes of the files. */
  bytes: z.number(),
  /** All files of the day, in the manifest's folder. Any other file belongs to an older state and will be deleted. */
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
});

/** A validated manifest. */
export type Manifest = z.output<typeof manifestSchema>;
