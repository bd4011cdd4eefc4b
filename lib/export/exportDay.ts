import type { Readable } from 'node:stream';
import { mapLimit } from '../base/concurrency.ts';
import { errorText, SluiceError } from '../base/errors.ts';
import { failureFields } from '../base/log.ts';
import type { FaultPoint } from '../base/retry.ts';
import { sum } from '../base/sum.ts';
import type { Clock } from '../base/time.ts';
import type { Claim, Ledger, Settlement } from '../ledger/Ledger.ts';
import { type FileFate, fingerprintFiles, type LedgerEntry } from '../ledger/LedgerEntry.ts';
import { LEAST_FILE_BYTES, MARK_BYTES, PARQUET_MARK } from '../parquet/format/parquetFooter.ts';
import type { Export } from '../schema/exports.ts';
import { exportedDayFolder, exportedFile, isExportedFile, MANIFEST } from '../tables/exportKeys.ts';
import { exportSubject } from '../tables/ledgerKeys.ts';
import { ExportError } from './ExportError.ts';
import type { FileRewriter } from './FileRewriter.ts';
import { type DayFiles, keptFiles, type LandedFile, type LandedTable, listDayFiles } from './LandedTable.ts';
import { LIST_ROUNDS, PARALLEL_FILES } from './limits.ts';
import type { ExportTask } from './messageBodies.ts';
import type { Manifest, TargetBucket } from './TargetBucket.ts';

/**
 * The steps of an export, in order, each named after what is done by then. A function may be killed after any of them. The
 * next export of the day then has the same result.
 */
export const exportFaultPoints = [
  /** The day is claimed; nothing else has changed. */
  'claimed',
  /** The table's files and the customer's are listed. */
  'listed',
  /** One file is copied, others are not. */
  'copiedOne',
  /** All new files are copied, and are beside the old ones. The manifest still names the old files. */
  'copied',
  /** The claim is renewed: nobody else works on the day. */
  'renewed',
  /** The manifest names the new files. The old files still exist. */
  'manifested',
  /** The old files are deleted; the ledger does not have the result yet. */
  'swept',
  /** The ledger has the result. */
  'settled',
] as const;

/** One of {@link exportFaultPoints}. */
type ExportFaultPoint = (typeof exportFaultPoints)[number];

/** The ports of {@link exportDay}. */
export interface DayExporter {
  /** Says who works on a day, and what its last export had. */
  readonly ledger: Pick<Ledger, 'claim' | 'renew' | 'settle'>;
  /** The time of leases and entries of the ledger. */
  readonly clock: Clock;
  /** The table whose files are copied. */
  readonly table: LandedTable;
  /** The bucket that they are copied to. */
  readonly target: TargetBucket;
  /** Makes other files of the table's files. Default: files are copied byte for byte, and a manifest is beside them. */
  readonly rewriter?: FileRewriter | undefined;
  /** Identifies the invocation, which owns the days that it claims. */
  readonly owner: string;
  /** Epoch milliseconds from which no file is started. */
  readonly deadline: number;
  /** Epoch milliseconds until which a claim lasts. */
  readonly leaseUntil: number;
  /** Writes a line to the log of the function. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** Is called after each step, and may throw there. Default: nothing happens. */
  readonly faultPoint?: FaultPoint<ExportFaultPoint>;
}

/** The result of exporting a day. */
type ExportOutcome =
  /** The ledger has the result, which may be a failure. `copied` and `removed` are numbers of files. */
  | {
      readonly outcome: 'settled';
      readonly entry: LedgerEntry;
      readonly copied: number;
      readonly removed: number;
    }
  /** Another owner has the day until that time, epoch milliseconds: try again. */
  | { readonly outcome: 'busy'; readonly until: number }
  /** Another owner took the day over meanwhile. */
  | { readonly outcome: 'lost' }
  /** Some files are copied, and the rest must continue. The ledger has the day as `failed` until then. */
  | { readonly outcome: 'unfinished'; readonly entry: LedgerEntry; readonly copied: number };

/**
 * Updates one day in a customer's bucket from a table: copies new files, each under a name derived from its content, then
 * writes the manifest that names them, then deletes old files. So a reader of the manifest sees the old day or the new
 * one, and the next export finishes what a killed one leaves. The copy of a file whose source is gone for no known
 * reason is kept ({@link keptFiles}): it is not an old file.
 *
 * Any failure is settled as `failed`, and the day is released.
 *
 * @throws The errors of the ledger.
 */
export async function exportDay(
  exporter: DayExporter,
  exported: Export,
  task: Pick<ExportTask, 'day' | 'fingerprint' | 'drop'>,
): Promise<ExportOutcome> {
  const { ledger, owner, leaseUntil } = exporter;
  const taken = await ledger.claim(exportSubject(exported, task.day), owner, leaseUntil, task.fingerprint);
  if ('busyUntil' in taken) return { outcome: 'busy', until: taken.busyUntil };
  // Every write of the ledger returns a new claim. Only the last one can be settled.
  let { claim } = taken;
  const work = new DayWork(exporter, exported, task, claim.entry.files);
  let removed: number;
  let settlement: Settlement;
  try {
    await exporter.faultPoint?.('claimed');
    const day = await work.copy();
    const renewed = await ledger.renew(claim, leaseUntil);
    if (renewed === null) return { outcome: 'lost' };
    claim = renewed;
    await exporter.faultPoint?.('renewed');
    // An erasure may have noted meanwhile what it has replaced.
    const kept = task.drop === true ? [] : work.stillThere(keptFiles(exporter.table, claim.entry, day));
    removed = await work.publish({ ...day, kept });
    settlement = successSettlement({ ...day, kept }, exporter.rewriter?.form);
  } catch (error) {
    if (!(error instanceof SluiceError))
      exporter.log({ level: 'error', event: 'export_error', ...failureFields(error) });
    return settleFailed(exporter, claim, toSluiceError(error), work.copied);
  }
  const entry = await ledger.settle(claim, settlement);
  if (entry === null) return { outcome: 'lost' };
  await exporter.faultPoint?.('settled');
  return { outcome: 'settled', entry, copied: work.copied, removed };
}

/** Only messages of Sluice's errors are kept, as others may quote data. */
function toSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return new ExportError('SLUICE_EXPORT_STOPPED', `${errorText(error)}.`, { cause: error });
}

/** Writes to the ledger that a day failed, with what it had before. */
async function settleFailed(
  { ledger }: DayExporter,
  claim: Claim,
  { code, message }: SluiceError,
  copied: number,
): Promise<ExportOutcome> {
  const { fingerprint, files, rows, bytes, superseded } = claim.entry;
  const kept = { fingerprint, files, rows, bytes, superseded };
  const entry = await ledger.settle(claim, { ...kept, state: 'failed', failure: { code, message } });
  if (entry === null) return { outcome: 'lost' };
  return code === 'SLUICE_EXPORT_OUT_OF_TIME' && copied > 0
    ? { outcome: 'unfinished', entry, copied }
    : { outcome: 'settled', entry, copied, removed: 0 };
}

/**
 * The settlement of a successful export. Rows are not counted: files are copied unchanged, and some of the rewritten
 * files were there already.
 */
function successSettlement(
  { files, kept, fingerprint }: ExportedFiles,
  form: string | undefined,
): Settlement {
  const exported = files.map((file): FileFate => {
    const { key, size, eTag } = file;
    return { key, size, eTag, fate: 'loaded', detail: exportedFile(file, form) };
  });
  return {
    state: files.length + kept.length === 0 ? 'succeeded_no_data' : 'succeeded',
    fingerprint,
    files: [...exported, ...kept],
    rows: { in: 0, out: 0, refused: 0 },
    bytes: totalBytes([...files, ...kept]),
    superseded: [],
  };
}

/** What the customer's folder has: the day's files, and copies of files that are gone. */
interface ExportedFiles extends DayFiles {
  /** Copies whose source is gone. */
  readonly kept: readonly FileFate[];
}

/** The export of one day: what it copies and deletes. */
class DayWork {
  readonly #exporter: DayExporter;
  readonly #exported: Export;
  readonly #day: string;
  readonly #folder: string;
  readonly #before: readonly FileFate[];
  /** What the customer's folder had before the first copy of the last round. */
  #there: ReadonlyMap<string, number> = new Map();
  /** How many files were copied. Files that were there already are not counted. */
  copied = 0;

  /** @param before Files of the last export. */
  constructor(
    exporter: DayExporter,
    exported: Export,
    { day }: Pick<ExportTask, 'day'>,
    before: readonly FileFate[],
  ) {
    this.#exporter = exporter;
    this.#exported = exported;
    this.#day = day;
    this.#before = before;
    this.#folder = exportedDayFolder(exported, day);
  }

  /** Copies missing files, and lists again if a file changed meanwhile. */
  async copy(): Promise<DayFiles> {
    const { table, target, rewriter, clock, faultPoint } = this.#exporter;
    await target.abortUploads(this.#folder);
    for (let round = 1; round <= LIST_ROUNDS; round += 1) {
      const location = (await table.locations([this.#day])).get(this.#day);
      const day = await listDayFiles(table, location, this.#before, clock.now());
      const there = await target.list(this.#folder);
      this.#there = there;
      await faultPoint?.('listed');
      const missing = day.files.filter((file) => {
        const size = there.get(this.#keyOf(file));
        // The size of a rewritten file is not known before. It is there as a whole, or not at all.
        return rewriter === undefined ? size !== file.size : size === undefined;
      });
      if (await this.#copyAll(missing)) {
        await faultPoint?.('copied');
        return day;
      }
    }
    throw new ExportError('SLUICE_EXPORT_FILES_CHANGING', `${this.#exported.name} ${this.#day}.`);
  }

  /** Copies that can be kept. One that is gone as well cannot be made again: the log names it. */
  stillThere(kept: readonly FileFate[]): readonly FileFate[] {
    return kept.filter(({ key, detail = '' }) => {
      const isThere = this.#there.has(this.#folder + detail);
      if (!isThere) {
        const { name } = this.#exported;
        this.#exporter.log({ level: 'error', event: 'export_copy_gone', export: name, day: this.#day, key });
      }
      return isThere;
    });
  }

  /**
   * Writes the manifest, then deletes the files that it does not name, and returns their number. Rewritten files have
   * no manifest beside them: the ledger names them, and an earlier manifest is deleted.
   */
  async publish({ files, kept }: ExportedFiles): Promise<number> {
    const { target, rewriter, clock, faultPoint } = this.#exporter;
    const listed = [
      ...files.map((file) => ({ name: exportedFile(file, rewriter?.form), bytes: file.size })),
      // The entry of a kept file has the name under which it was exported as `detail`.
      ...kept.map(({ detail = '', size }) => ({ name: detail, bytes: size })),
    ];
    if (rewriter === undefined) {
      const all = [...files, ...kept];
      const manifest: Manifest = {
        version: 1,
        table: this.#exported.table,
        day: this.#day,
        fingerprint: fingerprintFiles(all),
        exportedAt: new Date(clock.now()).toISOString(),
        bytes: totalBytes(all),
        files: listed,
      };
      await target.writeJson(this.#folder + MANIFEST, `${JSON.stringify(manifest, null, 1)}\n`);
    }
    await faultPoint?.('manifested');
    const named = new Set(listed.map(({ name }) => this.#folder + name));
    const isOld = (name: string) => isExportedFile(name) || (rewriter !== undefined && name === MANIFEST);
    const old = [...(await target.list(this.#folder)).keys()].filter(
      (key) => isOld(key.slice(this.#folder.length)) && !named.has(key),
    );
    await target.remove(old);
    await faultPoint?.('swept');
    return old.length;
  }

  /** Copies files. False if one of them has changed or is gone. */
  async #copyAll(files: readonly LandedFile[]): Promise<boolean> {
    const atOnce = this.#exporter.rewriter === undefined ? PARALLEL_FILES : 1;
    const copies = await mapLimit(files, atOnce, (file) => this.#copyOne(file));
    return copies.every(Boolean);
  }

  /** Copies a file. False if it has changed or is gone. */
  async #copyOne(file: LandedFile): Promise<boolean> {
    const { table, target, rewriter, clock, deadline, faultPoint } = this.#exporter;
    if (clock.now() >= deadline)
      throw new ExportError('SLUICE_EXPORT_OUT_OF_TIME', `${this.#exported.name} ${this.#day}.`);
    const bytes = await table.read(file);
    if (bytes === null) return false;
    try {
      const whole = wholeParquet(file, bytes);
      if (rewriter === undefined) await target.write(this.#keyOf(file), whole, file.size);
      else await this.#writeRewritten(rewriter, file, whole);
    } finally {
      bytes.destroy();
    }
    this.copied += 1;
    if (this.copied === 1) await faultPoint?.('copiedOne');
    return true;
  }

  /** Writes what the rewriter makes of a file, and logs how many rows it has left out. */
  async #writeRewritten(
    rewriter: FileRewriter,
    file: LandedFile,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { size, rows, leftOut, open, remove } = await rewriter.rewrite(bytes);
    try {
      await this.#exporter.target.write(this.#keyOf(file), open(), size);
    } finally {
      await remove();
    }
    this.#exporter.log({
      level: 'info',
      event: 'export_rewritten',
      export: this.#exported.name,
      day: this.#day,
      file: this.#keyOf(file),
      rows,
      left_out: leftOut,
    });
  }

  /** The key of a file's copy. */
  #keyOf(file: LandedFile): string {
    return this.#folder + exportedFile(file, this.#exporter.rewriter?.form);
  }
}

/**
 * The bytes of a file as they come. What somebody wrote under the key of a file would fail each reader of the copy.
 *
 * @throws ExportError `SLUICE_EXPORT_FILE_DAMAGED` at the end, if the file does not begin and end as Parquet does. Of an
 * answer that broke off nothing can be said: whoever takes the bytes reports it.
 */
async function* wholeParquet(file: LandedFile, bytes: Readable): AsyncGenerator<Uint8Array> {
  let head = '';
  let end = '';
  let size = 0;
  for await (const piece of bytes as AsyncIterable<Uint8Array>) {
    const first = Buffer.from(piece.subarray(0, MARK_BYTES)).toString('latin1');
    const last = Buffer.from(piece.subarray(-MARK_BYTES)).toString('latin1');
    head = (head + first).slice(0, MARK_BYTES);
    end = (end + last).slice(-MARK_BYTES);
    size += piece.byteLength;
    yield piece;
  }
  const isWhole = size >= LEAST_FILE_BYTES && head === PARQUET_MARK && end === PARQUET_MARK;
  if (size === file.size && !isWhole) throw new ExportError('SLUICE_EXPORT_FILE_DAMAGED', `${file.key}.`);
}

/** Bytes of files together. */
function totalBytes(files: readonly Pick<LandedFile, 'size'>[]): number {
  return sum(files.map(({ size }) => size));
}
