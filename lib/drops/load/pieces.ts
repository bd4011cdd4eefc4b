import { createHash } from 'node:crypto';
import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { parseJson } from '../../base/json.ts';
import { VERSION } from '../../base/version.ts';
import type { LandingBucket } from '../../ledger/LandingBucket.ts';
import type { DropObject } from '../CustomerBucket.ts';
import { taskReasons } from '../dayTable.ts';
import { type MappedRows, mappedRowsSchema } from '../engine/mappedRows.ts';
import { isLeftOutReason } from '../leftOut.ts';
import { PARALLEL_RESULTS } from '../limits.ts';
import type { DropDay, Loader } from './Loader.ts';

// What is kept of a day in pieces until it is published. All of it is in `ledger/_loads/`, in the folder of
// its version, and goes with the version's note.

/** Digest of what a dataset's rows are made by: its configuration, and the release. */
export function loadShape({ config }: Pick<Loader, 'config'>, { source, dataset }: DropDay): string {
  const { name, bucket } = source;
  const { unitIds, statsigFolder, tables } = config;
  const made = JSON.stringify([VERSION, unitIds, statsigFolder, tables, name, bucket, dataset]);
  return createHash('sha256').update(made).digest('hex').slice(0, 32);
}

/** A number of rows or files. */
const count = z.int().min(0);
/** A DropObject as it was listed. */
const objectSchema = z.object({
  key: z.string(),
  size: count,
  eTag: z.string(),
  lastModified: z.coerce.date(),
  storageClass: z.string().optional(),
  isRestored: z.boolean().optional(),
});

/** How a day is cut into pieces, as it is stored. */
const planSchema = z.object({
  /** The state of the day as it was listed: `fingerprint` of a Drop. */
  fingerprint: z.string(),
  /** When the last of its objects was written, epoch milliseconds; null without objects. */
  lastModified: z.number().nullable(),
  /** Its objects that are not loaded, each with the reason. */
  leftOut: z.array(
    z.object({
      object: objectSchema,
      reason: z.string().refine(isLeftOutReason),
      detail: z.string().optional(),
    }),
  ),
  /** Time at which the last of its files was written, epoch milliseconds. */
  receivedAt: z.number(),
  /** Time at which it was listed, epoch milliseconds. */
  listedAt: z.number(),
  /** Why the day is loaded. */
  reason: z.enum(taskReasons),
  /** Whether its task is for this state of the folder, so that an acceptance holds. */
  isOfTask: z.boolean(),
});
/** The plan of a day in pieces: what its publication needs besides the files and results of the pieces. */
export type DayPlan = z.output<typeof planSchema>;

/** The objects of a day in pieces. */
export class PieceStore {
  readonly #landing: LandingBucket;
  /** The folder of the load, with a slash at its end. */
  readonly folder: string;

  /** @param folder That of the load, with a slash at its end: lib/tables/ledgerKeys.ts, `loadFolder`. */
  constructor(landing: LandingBucket, folder: string) {
    this.#landing = landing;
    this.folder = folder;
  }

  /** Keeps a plan and the files of its pieces. */
  async writePlan(plan: DayPlan, pieces: readonly (readonly DropObject[])[]): Promise<void> {
    await mapLimit([...pieces.entries()], PARALLEL_RESULTS, ([piece, files]) =>
      this.#landing.putText(this.#key('files', piece), JSON.stringify(files)),
    );
    await this.#landing.putText(this.#planKey, JSON.stringify(plan));
  }

  /** The plan; null if it is gone. */
  readPlan(): Promise<DayPlan | null> {
    return this.#read(this.#planKey, planSchema);
  }

  /** The files of a piece; null if they are gone. */
  readFiles(piece: number): Promise<readonly DropObject[] | null> {
    return this.#read(this.#key('files', piece), z.array(objectSchema));
  }

  /** Keeps what a piece has done. */
  writeResult(piece: number, result: MappedRows): Promise<void> {
    return this.#landing.putText(this.#key('result', piece), JSON.stringify(result));
  }

  /** What a piece has done; null if it is gone. */
  readResult(piece: number): Promise<MappedRows | null> {
    return this.#read(this.#key('result', piece), mappedRowsSchema);
  }

  /** Key of the refused rows of a piece. */
  refusedKey(piece: number): string {
    return `${this.folder}refused-${pieceName(piece)}.parquet`;
  }

  /** Key of the plan of the pieces. */
  get #planKey(): string {
    return `${this.folder}plan.json`;
  }

  /** Key of the list of a piece's files, or of its result. */
  #key(what: 'files' | 'result', piece: number): string {
    return `${this.folder}${what}-${pieceName(piece)}.json`;
  }

  /** Reads an object; null if it is not there, or can't be read. */
  async #read<Value>(key: string, schema: z.ZodType<Value>): Promise<Value | null> {
    const text = await this.#landing.readText(key);
    return text === null ? null : (schema.safeParse(parseJson(text)).data ?? null);
  }
}

/** The number of a piece in the names of files, from 1. Names sort as pieces do. */
export function pieceName(piece: number): string {
  return String(piece + 1).padStart(5, '0');
}
