import { DAY_MS, HOUR_MS, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../lib/curate/curatedTables.ts';
import type { ViewCatalog } from '../../lib/curate/ViewCatalog.ts';
import type { CustomerBucket } from '../../lib/drops/CustomerBucket.ts';
import { PARTITION_BATCH, type PartitionCatalog } from '../../lib/landing/catalog/PartitionCatalog.ts';
import { namedFiles } from '../../lib/ledger/erasureNotes.ts';
import { fingerprintFiles, type LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { type TurnConfig, turnMs } from '../../lib/ledger/turns.ts';
import { TURN_PARTS } from '../../lib/ledger/versionFiles.ts';
import { versionName } from '../../lib/ledger/versions.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import { type ForwardedKind, forwardedKinds, tableKinds } from '../../lib/schema/kinds.ts';
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
  /** The configuration, with hundreds of datasets. */
  readonly config: Config;
  /** Name of the deployment’s bucket. */
  readonly bucket: string;
  /** The objects of the deployment's bucket. */
  readonly own: ComputedObjects;
  /** The buckets of all customers, each under the name of its source. */
  readonly customers: ComputedObjects;
  /** Opens the bucket of a source. */
  readonly bucketOf: (source: { readonly name: string }) => Pick<CustomerBucket, 'list' | 'read'>;
  /** The partitions of all tables. */
  readonly catalog: PartitionCatalog;
  /** The views of the database. */
  readonly views: ViewCatalog;
  /** Calls of the catalog. */
  readonly catalogCalls: () => number;
}

const BUCKET = 'acme-experiments';
const CUSTOMER = '111122223333';
const FILE = { size: 40_000, eTag: `"${'0123456789abcdef'.repeat(2)}"` };
/** Partitions of a page: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html */
const PAGE = 1_000;

/** More days than the windows have. */
const RECENT = 12;
/** Days of dropped files that are kept: with 60 files a day they make 30 pages. */
const MOST_LISTED = 600;
/** Names of the objects beside the days' entries: the list of curated days, and when versions were looked at. */
const LIST = 'days';
const LOOKS = 'version-looks';
/** The ETag of every object of the ledger. */
const ENTRY = '"1"';
const VERSION_FILE = 'a1b2c3d4-rows-0000-0000.parquet';

type Place = Pick<LedgerEntry, 'dataset' | 'table' | 'day'>;
type Files = readonly { readonly key: string; readonly size: number; readonly eTag: string }[];
type NamedSource = Pick<Config['sources'][number], 'name'>;
type NamedDataset = Pick<Config['sources'][number]['datasets'][number], 'name' | 'table' | 'folder'>;

/** The lake at an instant, epoch milliseconds. */
export function grownLake(size: LakeSize, now: number): GrownLake {
  const config = defineConfig(grownConfig(size.datasets));
  const folders = new LakeFolders(config, size, now);
  folders.addRawTables();
  for (const kind of forwardedKinds) folders.addCuratedTable(kind);
  for (const source of config.sources)
    for (const dataset of source.datasets) folders.addDataset(source, dataset);
  for (const exported of config.exports) folders.addExport(exported);
  const customers = new ComputedObjects(folders.customers);
  return {
    config,
    bucket: BUCKET,
    own: new ComputedObjects(folders.own),
    customers,
    bucketOf: ({ name }) => customerBucket(customers, name),
    ...countedCatalogs(folders),
  };
}

/** The folders of a lake, and the location of each partition in them. */
class LakeFolders {
  /** Of the deployment's bucket. */
  readonly own: ComputedFolder[] = [];
  /** Of all customers' buckets: each source has a folder of its name. */
  readonly customers: ComputedFolder[] = [];
  readonly #config: Config;
  readonly #size: LakeSize;
  /** Epoch milliseconds. */
  readonly #now: number;
  /** All days with files, the oldest first. */
  readonly #days: readonly UtcDay[];
  /** The days that are old enough to be curated. */
  readonly #curatedDays: readonly UtcDay[];
  /** The key prefix of a day's partition, by table. */
  readonly #locations = new Map<string, (day: UtcDay) => string>();
  /** Files that were dropped for a day: datasets have equal days, of which a run lists no more than {@link MOST_LISTED}. */
  readonly #drops = new Map<UtcDay, ComputedObject[]>();

  constructor(config: Config, size: LakeSize, now: number) {
    this.#config = config;
    this.#size = size;
    this.#now = now;
    const today = Math.floor(now / DAY_MS) * DAY_MS;
    this.#days = Array.from({ length: size.days }, (_, i) => utcDay(today - (size.days - i) * DAY_MS));
    const curatedBefore = today - config.curateAfter * DAY_MS;
    this.#curatedDays = this.#days.filter((day) => Date.parse(day) < curatedBefore);
  }

  /** Adds the files and partitions of raw tables and of quarantine. */
  addRawTables(): void {
    const config = this.#config;
    for (const kind of tableKinds) {
      this.#locations.set(config.tables[kind], (day) => dayFolder(config, kind, day));
      this.own.push({
        prefix: tableFolder(config, kind),
        groups: this.#days,
        objects: (day) => this.#rawFiles(day),
      });
    }
  }

  /** Adds the versions of a curated table, and what the ledger has of them. */
  addCuratedTable(kind: ForwardedKind): void {
    const config = this.#config;
    const days = this.#curatedDays;
    const table = config.curatedTables[kind];
    const shape = curatedShape(curatedTables(config)[kind]);
    const inputsOf = (day: UtcDay) =>
      this.#rawFiles(day).map(({ name, size, eTag }) => {
        return { key: `${dayFolder(config, kind, day)}${name.slice(1)}`, size, eTag };
      });
    let list: string | undefined;
    const listOf = () => {
      list ??= this.#curatedList(shape, inputsOf);
      return list;
    };
    this.#addVersions(table, days);
    this.own.push({
      prefix: datasetLedger(CURATED_LEDGER, kind),
      groups: [...days, LIST, LOOKS],
      objects: (day) => {
        if (day === LOOKS) return [textObject(day, () => this.#versionLooks(days))];
        if (day === LIST) return [textObject(day, listOf)];
        return [textObject(day, () => curatedEntry({ dataset: kind, table, day }, shape, inputsOf(day)))];
      },
    });
  }

  /** Adds what a customer has dropped, the versions that were loaded of it, and what the ledger has of them. */
  addDataset({ name: source }: NamedSource, { name: dataset, table, folder }: NamedDataset): void {
    const days = this.#days;
    this.#addVersions(table, days);
    this.customers.push({
      prefix: `${source}/${folder}/`,
      groups: days,
      objects: (day) => this.#droppedFiles(day),
    });
    this.own.push({
      prefix: datasetLedger(source, dataset),
      groups: [...days, LOOKS],
      objects: (day) => {
        if (day === LOOKS) return [textObject(day, () => this.#versionLooks(days))];
        const place = { source, dataset, table, day };
        return [textObject(day, () => loadedEntry(place, `${folder}/${day}`, this.#droppedFiles(day)))];
      },
    });
  }

  /** Adds what the ledger has of exported days. */
  addExport({ name, table }: { readonly name: string; readonly table: string }): void {
    this.own.push({
      prefix: datasetLedger(EXPORTS_LEDGER, name),
      groups: this.#curatedDays,
      objects: (day) => [
        textObject(day, () => exportedEntry({ dataset: name, table, day }, this.locationOf(table, day))),
      ],
    });
  }

  /** The key prefix of a partition; undefined for a table that the lake does not have. */
  locationOf(table: string, day: UtcDay): string | undefined {
    return this.#locations.get(table)?.(day);
  }

  /** The days of which a table has a partition, the oldest first. */
  daysOf(table: string): readonly UtcDay[] {
    const isCurated = forwardedKinds.some((kind) => this.#config.curatedTables[kind] === table);
    return isCurated ? this.#curatedDays : this.#days;
  }

  /** Gives a table one version of each of these days. */
  #addVersions(table: string, days: readonly UtcDay[]): void {
    this.#locations.set(table, (day) => versionPrefix(this.#config, table, day, versionOf(day)));
    this.own.push({
      prefix: ingestedTableFolder(this.#config, table),
      groups: days,
      objects: (day) => [{ ...FILE, name: `/${versionOf(day)}/${VERSION_FILE}` }],
    });
  }

  /** The files of a day of a raw table. */
  #rawFiles(day: UtcDay): ComputedObject[] {
    return filesOf(day, this.#size.filesAnHour * 24);
  }

  /** The files that a customer has dropped for a day. */
  #droppedFiles(day: UtcDay): ComputedObject[] {
    const known = this.#drops.get(day) ?? filesOf(day, this.#size.filesAnHour);
    if (this.#drops.size < MOST_LISTED) this.#drops.set(day, known);
    return known;
  }

  /** The text of the object that says when versions of days were looked at. */
  #versionLooks(days: readonly UtcDay[]): string {
    const everyMs = turnMs(this.#config) / TURN_PARTS;
    const looks = days.map((day, i) => {
      const at = this.#size.isTurn
        ? lookedAt(this.#config, { place: i, count: days.length }, everyMs, this.#now)
        : this.#now;
      return [day, { at, mark: ENTRY, version: versionOf(day), files: [VERSION_FILE] }];
    });
    return JSON.stringify(Object.fromEntries(looks));
  }

  /** The text of the object that lists the curated days of a table. */
  #curatedList(shape: string, inputsOf: (day: UtcDay) => Files): string {
    const days = this.#curatedDays;
    const lookOf = (i: number) =>
      lookedAt(this.#config, { place: i, count: days.length }, HOUR_MS, this.#now);
    const oldest = lookOf(0);
    const listed = days.map((day, i) => {
      // Of days that no run of the bench looks at, nobody reads it: ten years have ten million files.
      const isRead = i >= days.length - RECENT || (this.#size.isTurn && lookOf(i) <= oldest);
      const fingerprint = isRead ? fingerprintFiles(inputsOf(day)) : 'unread';
      return [day, { version: versionOf(day), shape, fingerprint }];
    });
    return JSON.stringify({ days: Object.fromEntries(listed) });
  }
}

/** The catalogs of a lake, which count their calls. */
function countedCatalogs(folders: LakeFolders): Pick<GrownLake, 'catalog' | 'views' | 'catalogCalls'> {
  let calls = 0;
  /** A page of a table's partitions. @param token The number of the first, as text. */
  const page = (table: string, token: string | undefined, days: readonly UtcDay[]) => {
    calls += 1;
    const from = Number(token ?? 0);
    const items = days.slice(from, from + PAGE).flatMap((day) => {
      const location = folders.locationOf(table, day);
      return location === undefined ? [] : [{ day, location: `s3://${BUCKET}/${location}` }];
    });
    return { items, next: from + PAGE < days.length ? String(from + PAGE) : undefined };
  };
  const writeNothing = async () => {
    calls += 1;
    return [];
  };
  const catalog: PartitionCatalog = {
    async getTable(_database, name) {
      calls += 1;
      return { name, storage: { Columns: [] }, partitionKeys: ['ds'] };
    },
    async listPage(_database, table, token, wanted) {
      const days = folders.daysOf(table);
      const asked =
        wanted === undefined ? days : days.filter((day) => wanted.includes(day)).slice(0, PARTITION_BATCH);
      const { items, next } = page(table, token, asked);
      const partitions = items.map(({ day, location }) => {
        return { values: [day], storage: { Columns: [], Location: location } };
      });
      return { items: partitions, next };
    },
    batchCreate: writeNothing,
    batchUpdate: writeNothing,
  };
  const views: ViewCatalog = {
    async read() {
      calls += 1;
      return null;
    },
    partitions: async (table, token) => page(table, token, folders.daysOf(table)),
  };
  return { catalog, views, catalogCalls: () => calls };
}

/** The version that a day was loaded into, two days after it. */
function versionOf(day: UtcDay): string {
  return versionName(Date.parse(day) + 2 * DAY_MS, () => 0);
}

/**
 * When a day was looked at, if each run looks at recent days and at an equal part of the others, epoch milliseconds. The oldest day is
 * next.
 *
 * @param day The day's place among all days, from the oldest, and how many there are.
 * @param everyMs Between two runs.
 */
export function lookedAt(
  config: TurnConfig,
  { place, count }: { readonly place: number; readonly count: number },
  everyMs: number,
  now: number,
): number {
  // A day is looked at before a run that would come too late.
  const parts = Math.floor(turnMs(config) / everyMs) - 1;
  const others = count - RECENT;
  return now - everyMs * Math.max(1, Math.ceil((others - place) / Math.ceil(others / parts)));
}

/** The files of a day, at even intervals, by the names of the writer. */
function filesOf(day: UtcDay, count: number): ComputedObject[] {
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

/** The ledger’s entry of a curated day, of the files that it was made of. */
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

/**
 * The ledger’s entry of a loaded day.
 *
 * @param folder Where the files of the drop are, whose names begin with a slash.
 */
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

/**
 * The ledger’s entry of an exported day.
 *
 * @param location The folder of the version that was copied, with a slash at its end.
 */
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

/** The bucket of one source, as a part of the store of all. */
function customerBucket(store: ComputedObjects, source: string): Pick<CustomerBucket, 'list' | 'read'> {
  return {
    read: () => Promise.reject(new Error('No file is read.')),
    async list({ prefix, next, delimiter, after }) {
      const own = `${source}/`;
      const from = next ?? after;
      const token = from === undefined ? undefined : `${own}${from}`;
      if (delimiter !== undefined) {
        const page = await store.listFolders(`${own}${prefix}`, { token });
        const folders = page.items.map((name) => `${prefix}${name}/`);
        return { objects: [], folders, next: page.next?.slice(own.length) };
      }
      const page = await store.listPage(`${own}${prefix}`, { token });
      const objects = page.items.map(({ key, modifiedAt, ...rest }) => {
        return { ...rest, key: key.slice(own.length), lastModified: new Date(modifiedAt) };
      });
      return { objects, folders: [], next: page.next?.slice(own.length) };
    },
  };
}

/** A configuration of sources with two datasets and an export each. */
function grownConfig(datasets: number): ConfigInput {
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
