import { DAY_MS, HOUR_MS, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../lib/curate/curatedTables.ts';
import type { ViewCatalog } from '../../lib/curate/ViewCatalog.ts';
import type { CustomerBucket } from '../../lib/drops/CustomerBucket.ts';
import type { Page } from '../../lib/landing/catalog/catalogCalls.ts';
import { PARTITION_BATCH, type PartitionCatalog } from '../../lib/landing/catalog/PartitionCatalog.ts';
import { namedFiles } from '../../lib/ledger/erasureNotes.ts';
import { fingerprintFiles, type LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { turnMs } from '../../lib/ledger/turns.ts';
import { TURN_PARTS } from '../../lib/ledger/versionFiles.ts';
import { versionName } from '../../lib/ledger/versions.ts';
import type { Config } from '../../lib/schema/config.ts';
import { forwardedKinds, tableKinds } from '../../lib/schema/kinds.ts';
import { CURATED_LEDGER, datasetLedger, EXPORTS_LEDGER } from '../../lib/tables/ledgerKeys.ts';
import {
  dayFolder,
  ingestedTableFolder,
  landedFileName,
  tableFolder,
  versionPrefix,
} from '../../lib/tables/tableFolders.ts';
import { type ComputedFolder, type ComputedObject, ComputedObjects } from './ComputedObjects.ts';
import { ledgerEntry, settlement } from './ledgerEntry.ts';

/** How long a deployment has run, and how much it gets. */
export interface LakeSize {
  /** Days before today that have files. */
  readonly days: number;
  /** Two of each source; with an hour by which files are expected. */
  readonly datasets: number;
  /** Raw files of a table. A dataset's day has as many as an hour. */
  readonly filesAnHour: number;
  /** Whether a run looks at the days whose turn it is. Otherwise all were looked at just now. */
  readonly isTurn: boolean;
}

/** A deployment that has run for long and is well: all days are curated and loaded, and nothing is new. */
export interface GrownLake {
  readonly config: Config;
  readonly bucket: string;
  /** The deployment's bucket, and those of all customers. */
  readonly own: ComputedObjects;
  readonly customers: ComputedObjects;
  readonly bucketOf: (source: { readonly name: string }) => Pick<CustomerBucket, 'list' | 'read'>;
  readonly catalog: PartitionCatalog;
  readonly views: ViewCatalog;
  /** Calls of the catalog. */
  readonly catalogCalls: () => number;
}

const BUCKET = 'acme-experiments';
const CUSTOMER = '111122223333';
const FILE = { size: 40_000, eTag: `"${'0123456789abcdef'.repeat(2)}"` };
/** Partitions of a page: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html */
const PAGE = 1_000;

/** The lake at an instant, epoch milliseconds. */
export function grownLake({ days: count, datasets, filesAnHour, isTurn }: LakeSize, now: number): GrownLake {
  const config = defineConfig(grownConfig(datasets));
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const days = Array.from({ length: count }, (_, i) => utcDay(today - (count - i) * DAY_MS));
  const old = days.filter((day) => Date.parse(day) < today - config.curateAfter * DAY_MS);
  const everyMs = turnMs(config) / TURN_PARTS;
  const versionLooks = (lookedDays: readonly UtcDay[]) => {
    const looks = lookedDays.map((day, i) => {
      const at = isTurn ? lookedAt(config, [i, lookedDays.length], everyMs, now) : now;
      return [day, { at, mark: ENTRY, version: versionOf(day), files: [VERSION_FILE] }];
    });
    return JSON.stringify(Object.fromEntries(looks));
  };
  const own: ComputedFolder[] = tableKinds.map((kind) => ({
    prefix: tableFolder(config, kind),
    groups: days,
    objects: (day) => rawFiles(day, filesAnHour * 24),
  }));
  const locations = new Map<string, (day: UtcDay) => string>(
    tableKinds.map((kind) => [config.tables[kind], (day) => dayFolder(config, kind, day)]),
  );
  const addVersions = (table: string, versionDays: readonly UtcDay[]) => {
    locations.set(table, (day) => versionPrefix(config, table, day, versionOf(day)));
    own.push({
      prefix: ingestedTableFolder(config, table),
      groups: versionDays,
      objects: (day) => [{ ...FILE, name: `/${versionOf(day)}/${VERSION_FILE}` }],
    });
  };
  for (const kind of forwardedKinds) {
    const table = config.curatedTables[kind];
    addVersions(table, old);
    const shape = curatedShape(curatedTables(config)[kind]);
    const oldest = lookedAt(config, [0, old.length], HOUR_MS, now);
    const filesOf = (day: UtcDay) =>
      rawFiles(day, filesAnHour * 24).map(({ name, size, eTag }) => {
        return { key: `${dayFolder(config, kind, day)}${name.slice(1)}`, size, eTag };
      });
    let list: string | undefined;
    const listOf = () => {
      const listed = old.map((day, i) => {
        // Of days that no run of the bench looks at, nobody reads it: ten years have ten million files.
        const isRead =
          i >= old.length - RECENT || (isTurn && lookedAt(config, [i, old.length], HOUR_MS, now) <= oldest);
        const fingerprint = isRead ? fingerprintFiles(filesOf(day)) : 'unread';
        return [day, { version: versionOf(day), shape, fingerprint }];
      });
      return JSON.stringify({ days: Object.fromEntries(listed) });
    };
    own.push({
      prefix: datasetLedger(CURATED_LEDGER, kind),
      groups: [...old, LIST, LOOKS],
      objects: (day) => {
        if (day === LOOKS) return [textObject(day, () => versionLooks(old))];
        if (day === LIST) return [textObject(day, () => (list ??= listOf()))];
        return [textObject(day, () => curatedEntry({ dataset: kind, table, day }, shape, filesOf(day)))];
      },
    });
  }
  const customers: ComputedFolder[] = [];
  // Datasets have equal days, of which a run lists no more.
  const drops = new Map<UtcDay, ComputedObject[]>();
  const dropOf = (day: UtcDay) => {
    const known = drops.get(day) ?? rawFiles(day, filesAnHour);
    if (drops.size < MOST_LISTED) drops.set(day, known);
    return known;
  };
  for (const { name: source, datasets: all } of config.sources)
    for (const { name: dataset, table, folder } of all) {
      addVersions(table, days);
      customers.push({ prefix: `${source}/${folder}/`, groups: days, objects: dropOf });
      own.push({
        prefix: datasetLedger(source, dataset),
        groups: [...days, LOOKS],
        objects: (day) => {
          if (day === LOOKS) return [textObject(day, () => versionLooks(days))];
          const place = { source, dataset, table, day };
          return [textObject(day, () => loadedEntry(place, `${folder}/${day}`, dropOf(day)))];
        },
      });
    }
  for (const { name, table } of config.exports)
    own.push({
      prefix: datasetLedger(EXPORTS_LEDGER, name),
      groups: old,
      objects: (day) => [
        textObject(day, () => exportedEntry({ dataset: name, table, day }, locations.get(table)?.(day))),
      ],
    });
  const store = new ComputedObjects(own);
  const customerStore = new ComputedObjects(customers);
  let calls = 0;
  const page = (table: string, token: string | undefined, some: readonly UtcDay[]) => {
    calls += 1;
    const from = Number(token ?? 0);
    const items = some.slice(from, from + PAGE).flatMap((day) => {
      const location = locations.get(table)?.(day);
      return location === undefined ? [] : [{ day, location: `s3://${BUCKET}/${location}` }];
    });
    return { items, next: from + PAGE < some.length ? String(from + PAGE) : undefined };
  };
  const isCurated = (table: string) => forwardedKinds.some((kind) => config.curatedTables[kind] === table);
  const daysOf = (table: string) => (isCurated(table) ? old : days);
  return {
    config,
    bucket: BUCKET,
    own: store,
    customers: customerStore,
    bucketOf: ({ name }) => customerBucket(customerStore, name),
    catalogCalls: () => calls,
    catalog: {
      async getTable(_database, name) {
        calls += 1;
        return { name, storage: { Columns: [] }, partitionKeys: ['ds'] };
      },
      async listPage(_database, table, token, some) {
        const known = daysOf(table).filter((day) => some === undefined || some.includes(day));
        const { items, next } = page(
          table,
          token,
          known.slice(0, some === undefined ? undefined : PARTITION_BATCH),
        );
        return {
          items: items.map(({ day, location }) => ({
            values: [day],
            storage: { Columns: [], Location: location },
          })),
          next,
        };
      },
      batchCreate: async () => {
        calls += 1;
        return [];
      },
      batchUpdate: async () => {
        calls += 1;
        return [];
      },
    },
    views: {
      async read() {
        calls += 1;
        return null;
      },
      partitions: async (table, token): Promise<Page<{ day: UtcDay; location: string }>> =>
        page(table, token, daysOf(table)),
    },
  };
}

/** More days than the windows have. */
const RECENT = 12;
/** Days of 60 files in 30 pages. */
const MOST_LISTED = 600;
const LIST = 'days';
const LOOKS = 'version-looks';
/** Of every object of the ledger. */
const ENTRY = '"1"';
const VERSION_FILE = 'a1b2c3d4-rows-0000-0000.parquet';

function versionOf(day: UtcDay): string {
  return versionName(Date.parse(day) + 2 * DAY_MS, () => 0);
}

/**
 * When a day was looked at, if each run looks at recent days and at an equal part of the others, epoch milliseconds. The oldest day is
 * next.
 *
 * @param place The day's number, from the oldest, and the number of days.
 * @param everyMs Between two runs.
 */
export function lookedAt(
  config: Parameters<typeof turnMs>[0],
  [i, count]: readonly [number, number],
  everyMs: number,
  now: number,
): number {
  // A day is looked at before a run that would come too late.
  const parts = Math.floor(turnMs(config) / everyMs) - 1;
  const others = count - RECENT;
  return now - everyMs * Math.max(1, Math.ceil((others - i) / Math.ceil(others / parts)));
}

/** The files of a day, at even intervals, by the names of the writer. */
function rawFiles(day: UtcDay, count: number): ComputedObject[] {
  const start = Date.parse(day);
  return Array.from({ length: count }, (_, i) => {
    const at = start + Math.floor((i * DAY_MS) / count);
    return { ...FILE, name: `/${landedFileName(at, String(at).padStart(32, '0'))}`, modifiedAt: at };
  });
}

/** An object of the ledger, which was written after the files that it is about. Its size is not looked at. */
function textObject(day: string, text: () => string): ComputedObject {
  return { name: '.json', size: 1, eTag: ENTRY, modifiedAt: (Date.parse(day) || 0) + 2 * DAY_MS, text };
}

type Place = Pick<LedgerEntry, 'dataset' | 'table' | 'day'>;
type Files = readonly { readonly key: string; readonly size: number; readonly eTag: string }[];

function curatedEntry(place: Place, shape: string, files: Files): string {
  const { day } = place;
  const rows = files.length * 100;
  return JSON.stringify(
    ledgerEntry({
      ...place,
      ...settlement({ fingerprint: fingerprintFiles(files), version: versionOf(day) }),
      source: CURATED_LEDGER,
      filesWritten: [VERSION_FILE],
      curated: {
        shape,
        account: { rawRows: rows, kept: 0, rows, resends: 0, differing: 0 },
        inputs: namedFiles(day, files),
        bytesWritten: FILE.size,
        ended: versionOf(day),
      },
      updatedAt: Date.parse(day) + 3 * DAY_MS,
    }),
  );
}

function loadedEntry(
  place: Pick<LedgerEntry, 'source' | 'dataset' | 'table' | 'day'>,
  folder: string,
  drop: readonly ComputedObject[],
): string {
  const { day } = place;
  const objects = drop.map(({ name, size, eTag, modifiedAt = 0 }) => {
    return { key: `${folder}${name}`, size, eTag, lastModified: new Date(modifiedAt) };
  });
  const files = objects.map(({ key, size, eTag }) => ({ key, size, eTag, fate: 'loaded' as const }));
  return JSON.stringify(
    ledgerEntry({
      ...place,
      ...settlement({ fingerprint: fingerprintFiles(files), files, version: versionOf(day) }),
      filesWritten: [VERSION_FILE],
      updatedAt: Date.parse(day) + DAY_MS,
    }),
  );
}

function exportedEntry(place: Place, location = ''): string {
  const files = [{ ...FILE, key: `${location}${VERSION_FILE}`, fate: 'loaded' as const }];
  const { day } = place;
  return JSON.stringify(
    ledgerEntry({
      ...place,
      ...settlement({ fingerprint: fingerprintFiles(files), files }),
      source: EXPORTS_LEDGER,
      updatedAt: Date.parse(day) + 4 * DAY_MS,
    }),
  );
}

function customerBucket(store: ComputedObjects, source: string): Pick<CustomerBucket, 'list' | 'read'> {
  return {
    read: () => Promise.reject(new Error('No file is read.')),
    async list({ prefix, next, delimiter, after }) {
      const own = `${source}/`;
      const from = next ?? after;
      const token = from === undefined ? undefined : `${own}${from}`;
      const page = await store.listPage(`${own}${prefix}`, { token, folders: delimiter !== undefined });
      return {
        objects: page.items.map(({ key, modifiedAt, ...rest }) => {
          return { ...rest, key: key.slice(own.length), lastModified: new Date(modifiedAt) };
        }),
        folders: page.folders.map((name) => `${prefix}${name}/`),
        next: page.next?.slice(own.length),
      };
    },
  };
}

function grownConfig(datasets: number): Parameters<typeof defineConfig>[0] {
  const names = Array.from({ length: Math.ceil(datasets / 2) }, (_, i) => `c${String(i).padStart(3, '0')}`);
  return {
    bucket: BUCKET,
    sources: names.map((name) => ({
      name,
      bucket: `${name}-drops`,
      owner: CUSTOMER,
      datasets: ['orders', 'visits'].map((dataset) => ({
        name: dataset,
        kind: 'exposures' as const,
        expectedBy: { hour: 6 },
      })),
    })),
    exports: names.map((name) => ({
      name: `${name}-copy`,
      table: 'curated_exposures',
      target: { bucket: `${name}-copies`, owner: CUSTOMER },
    })),
  };
}
