import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { encodeLines, type LandedRow, type LandedRows } from '../../../../lib/landing/store/encodeLines.ts';
import { type Writer, writeObjects } from '../../../../lib/landing/write/writeObjects.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { parseTableKey } from '../../../../lib/tables/tableFolders.ts';
import { duckDb } from '../../../harness/duckDb.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

/** The time of each run, epoch milliseconds. */
export const NOW = Date.parse('2026-11-25T10:00:00Z');
export const config = defineConfig({ bucket: 'acme', unitIds: { companyID: 'company_id' } });
export const keyOf = (n: number | string) => `landing/2026/11/25/10/object-${n}.ndjson.gz`;

/** A row of a table, as the collector writes it. */
export function rowOf(kind: TableKind, id: string, day = '2026-11-25', more: object = {}): LandedRow {
  const timestamp = `${day}T09:30:00.123Z`;
  const own = {
    exposures: { event_id: id, experiment_id: 'button', gate_value: true, timestamp },
    events: { event_id: id, event_name: 'page_view', event_value: '1', timestamp },
    quarantine: {
      quarantine_id: id,
      reason: 'SLUICE_EVENT_NO_NAME',
      received_at: timestamp,
      raw: '{"a": 1}',
    },
  };
  return { day, json: JSON.stringify({ ...own[kind], ...more }) };
}

export const record = (rows: LandedRows) => Buffer.from(encodeLines(rows) ?? []);
/** A record with an event of each ID. */
export const eventsOf = (...ids: readonly string[]) =>
  record({ events: ids.map((id) => rowOf('events', id)) });

/** How a run of the writer differs. */
interface Run extends Partial<Writer> {
  /** Keys of its objects. Default: all of `landing/`. */
  readonly keys?: readonly string[];
  /** Groups of keys. Default: the keys are one. */
  readonly groups?: readonly (readonly string[])[];
  /** Ends the run. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** A bucket in memory, whose objects of `landing/` the writer makes files of. ETags are hashes of the bytes, as S3's are. */
export class LandingBucket {
  objects = new Map<string, Buffer>();
  readonly metadataOf = new Map<string, Readonly<Record<string, string>> | undefined>();
  /** What the writer has logged. */
  readonly lines: Record<string, unknown>[] = [];
  /** Called before each call of the bucket; what it throws fails the call. */
  onCall: (call: string, key: string) => void = () => {};
  /** Called once an object has been put; what it throws loses the answer. */
  onPut: (key: string) => void = () => {};
  /** Whether the next stream of an object ends half way. */
  breaks: (key: string) => boolean = () => false;
  readonly #directory = temporaryDirectory();
  #runs = 0;
  #reads = 0;

  /** The folder of all runs. */
  get directory(): string {
    return this.#directory.path;
  }

  /** The folder of the latest run. */
  get runDirectory(): string {
    return join(this.directory, `run-${this.#runs}`);
  }

  remove(): void {
    this.#directory.remove();
  }

  /** Null without an object. */
  #eTagOf(key: string): string | null {
    const bytes = this.objects.get(key);
    return bytes === undefined ? null : hash('sha256', bytes);
  }

  store(): Writer['store'] {
    return {
      open: async (key, { range, ifMatch } = {}) => {
        this.onCall('fetch', key);
        const whole = this.objects.get(key);
        const eTag = this.#eTagOf(key) ?? '';
        if (whole === undefined || (ifMatch !== undefined && ifMatch !== eTag)) return null;
        if (range !== undefined && range.first >= whole.length) throw new Error('InvalidRange');
        const bytes = range === undefined ? whole : whole.subarray(range.first, range.last + 1);
        const half = bytes.length >> 1;
        const parts = [bytes.subarray(0, half), bytes.subarray(half)];
        const body = Readable.from(this.breaks(key) ? parts.slice(0, 1) : parts);
        return { body, eTag, modifiedAt: 9, bytes: bytes.length, metadata: this.metadataOf.get(key) };
      },
      read: async (key) => {
        const bytes = this.objects.get(key);
        return bytes === undefined ? null : { text: bytes.toString(), eTag: '' };
      },
      write: async (key, body, { expected, metadata } = {}) => {
        this.onCall('put', key);
        if (expected !== undefined && expected !== this.#eTagOf(key)) return null;
        this.metadataOf.set(key, metadata);
        this.objects.set(key, Buffer.from(body));
        this.onPut(key);
        return this.#eTagOf(key);
      },
      removeAll: async (asked) => {
        const left: { key: string; why: string }[] = [];
        const gone: string[] = [];
        for (const { key, eTag } of asked)
          try {
            this.onCall('remove', key);
            if (this.objects.has(key) && (eTag === '*' || eTag === this.#eTagOf(key)))
              this.objects.delete(key);
            else gone.push(key);
          } catch (error) {
            left.push({ key, why: String(error) });
          }
        return { left, gone };
      },
      listPage: async (prefix) => ({
        items: this.keysOf(prefix).map((key) => ({ key, size: 1, eTag: '', modifiedAt: 0 })),
        next: undefined,
      }),
    };
  }

  /** Puts an object of `landing/` that has these pieces. */
  put(n: number | string, ...pieces: readonly Uint8Array[]): void {
    this.objects.set(keyOf(n), Buffer.concat(pieces));
  }

  /** Keys of the objects of `landing/`, sorted. */
  get waiting(): readonly string[] {
    return this.keysOf('landing/');
  }

  /** The bytes of all objects of `damaged/`. */
  get damaged(): Buffer {
    return Buffer.concat(this.keysOf('damaged/').map((key) => this.objects.get(key) ?? Buffer.of()));
  }

  /** Runs the writer, ten minutes before its deadline. */
  write({ keys = this.waiting, groups = [keys], signal, ...more }: Run = {}) {
    this.#runs += 1;
    const directory = this.runDirectory;
    mkdirSync(directory);
    const writer: Writer = {
      config,
      store: this.store(),
      clock: { now: () => NOW },
      wait: async () => {},
      random: () => 0,
      stage: 'dev',
      limits: { memoryMegabytes: 256, threads: 1, temporaryDirectory: directory },
      directory,
      log: (line) => this.lines.push(line),
    };
    const time = { deadline: NOW + 10 * MINUTE_MS, ...(signal === undefined ? {} : { signal }) };
    return writeObjects(groups, { ...writer, ...more }, time);
  }

  /** The rows of a table, with the day of their folder, in the order of files and rows; without nulls. */
  async rowsOf(kind: TableKind): Promise<readonly Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (const [key, body] of [...this.objects].sort()) {
      const parsed = parseTableKey(config, key);
      if (!('kind' in parsed) || parsed.kind !== kind) continue;
      this.#reads += 1;
      const path = join(this.directory, `read-${this.#reads}.parquet`);
      writeFileSync(path, body);
      for (const row of await duckDb(`SELECT * FROM read_parquet('${path}')`)) {
        const values = Object.entries(row).filter(([, value]) => value !== null);
        rows.push({ ...Object.fromEntries(values), ds: parsed.day });
      }
    }
    return rows;
  }

  /** The ids of a table's rows, sorted. */
  async idsOf(kind: TableKind = 'events'): Promise<readonly string[]> {
    const rows = await this.rowsOf(kind);
    return rows.map((row) => String(row['event_id'] ?? row['quarantine_id'])).sort();
  }

  /** The keys of objects below a prefix, sorted. */
  keysOf(prefix: string): readonly string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}
