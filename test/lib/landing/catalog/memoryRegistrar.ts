import type { FolderPage, ObjectPage } from '../../../../lib/base/ObjectStore.ts';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { Page } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { KnownPartitions } from '../../../../lib/landing/catalog/KnownPartitions.ts';
import type {
  CatalogPartition,
  CatalogTable,
  ItemFailure,
  PartitionCatalog,
  StorageDescriptor,
} from '../../../../lib/landing/catalog/PartitionCatalog.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

export const BUCKET = 'data-bucket';
export const config = defineConfig({ bucket: BUCKET });

/** How every table reads its files. */
export const STORAGE: StorageDescriptor = {
  Columns: [
    { Name: 'event_id', Type: 'string' },
    { Name: 'at', Type: 'timestamp' },
  ],
  Location: 's3://data-bucket/table/',
  InputFormat: 'parquet-in',
  OutputFormat: 'parquet-out',
  SerdeInfo: { SerializationLibrary: 'parquet', Parameters: { 'serialization.format': '1' } },
};

/** The partition of a day in its own folder. */
export function dayOf(kind: TableKind, day: string, storage: StorageDescriptor = STORAGE): CatalogPartition {
  return {
    values: [day],
    storage: { ...storage, Location: `s3://${BUCKET}/${dayFolder(config, kind, day)}` },
  };
}

/**
 * A registrar before ports that keep partitions in memory: for tests of what it decides. `startCatalog` puts AWS's
 * protocol and the product's adapters before them.
 */
export function memoryRegistrar(now = Date.UTC(2026, 10, 20)) {
  const clock = new ManualClock(now);
  const partitions = new Map<string, CatalogPartition[]>();
  const calls: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const waits: number[] = [];
  /** Codes by `<operation> <day>`, for items that fail. */
  const failures = new Map<string, string>();
  /** Errors by `<operation> <table>`, for calls that fail. */
  const errors = new Map<string, Error>();
  /** Names of folders by the folder of their table. */
  const dayFolders = new Map<string, string[]>();
  /** Notes a call, and throws the error that it is to fail with. */
  const noteCall = (operation: string, table: string, count?: number) => {
    calls.push(count === undefined ? `${operation} ${table}` : `${operation} ${table} ${count}`);
    const error = errors.get(`${operation} ${table}`);
    if (error !== undefined) throw error;
  };

  return {
    partitions,
    calls,
    lines,
    waits,
    failures,
    errors,
    dayFolders,
    days: (kind: TableKind) => partitions.get(config.tables[kind])?.map(({ values }) => values[0]) ?? [],
    config,
    bucket: BUCKET,
    known: new KnownPartitions(),
    log: (fields: Record<string, unknown>) => {
      lines.push(fields);
    },
    logNight: async () => noteCall('logNight', 'received_hours'),
    attempts: {
      clock,
      wait: async (ms: number) => {
        waits.push(ms);
        clock.advance(ms);
      },
      random: () => 0.5,
      deadline: now + MINUTE_MS,
    },
    objects: Object.assign(new MemoryObjects(clock), {
      listPage: async (prefix: string): Promise<ObjectPage> => {
        noteCall('listPage', prefix);
        return { items: [], next: undefined };
      },
      listFolders: async (prefix: string): Promise<FolderPage> => {
        noteCall('listFolders', prefix);
        return { items: dayFolders.get(prefix) ?? [], next: undefined };
      },
    }),
    catalog: memoryCatalog({ partitions, failures, noteCall, madeAt: now }),
  };
}

/** What a catalog in memory keeps, and how its calls and items fail. */
interface MemoryCatalog {
  /** The partitions by table. */
  readonly partitions: Map<string, CatalogPartition[]>;
  /** Codes by `<operation> <day>`, for items that fail. */
  readonly failures: ReadonlyMap<string, string>;
  /** Called for each call, with the number of its items or days; what it throws fails the call. */
  readonly noteCall: (operation: string, table: string, count?: number) => void;
  /** When each table was made, epoch milliseconds. */
  readonly madeAt: number;
}

/** A catalog in memory, whose tables all have the same columns. */
function memoryCatalog({ partitions, failures, noteCall, madeAt }: MemoryCatalog): PartitionCatalog {
  const partitionsOf = (table: string) => partitions.get(table) ?? [];
  const has = (table: string, { values }: CatalogPartition) =>
    partitionsOf(table).some((partition) => partition.values[0] === values[0]);
  /** The failures of items: of those that are to fail, and of those that a code is for. */
  const failuresOf = (
    operation: string,
    items: readonly CatalogPartition[],
    codeOf: (item: CatalogPartition) => string | undefined,
  ) =>
    items.flatMap((item): ItemFailure[] => {
      const code = failures.get(`${operation} ${item.values[0]}`) ?? codeOf(item);
      return code === undefined
        ? []
        : [{ values: item.values, code, message: `${code} of ${item.values[0]}` }];
    });

  return {
    getTable: async (_database: string, table: string): Promise<CatalogTable> => {
      noteCall('getTable', table);
      return { name: table, storage: STORAGE, madeAt, partitionKeys: ['ds'] };
    },
    listPage: async (
      _database: string,
      table: string,
      _token: string | undefined,
      days?: readonly string[],
    ): Promise<Page<CatalogPartition>> => {
      noteCall('listPartitions', table, days?.length);
      const items = partitionsOf(table).filter(({ values: [day = ''] }) => days?.includes(day) ?? true);
      return { items, next: undefined };
    },
    batchCreate: async (_database: string, table: string, items: readonly CatalogPartition[]) => {
      noteCall('create', table, items.length);
      const failed = failuresOf('create', items, (item) =>
        has(table, item) ? 'AlreadyExistsException' : undefined,
      );
      const settled = items.filter(({ values }) => !failed.some((failure) => failure.values === values));
      partitions.set(table, [...partitionsOf(table), ...settled]);
      return failed;
    },
    batchUpdate: async (_database: string, table: string, items: readonly CatalogPartition[]) => {
      noteCall('update', table, items.length);
      const failed = failuresOf('update', items, (item) =>
        has(table, item) ? undefined : 'EntityNotFoundException',
      );
      const settled = items.filter(({ values }) => !failed.some((failure) => failure.values === values));
      const kept = partitionsOf(table).filter(
        ({ values }) => !settled.some((partition) => partition.values[0] === values[0]),
      );
      partitions.set(table, [...kept, ...settled]);
      return failed;
    },
  };
}
