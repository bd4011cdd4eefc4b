import type { DatabaseEntry, PartitionEntry, TableEntry } from './entries.ts';
import { type StorageDescriptor, storageDescriptorDefaults } from './storageDescriptor.ts';

/** Times go out as epoch seconds: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
const seconds = (epochMs: number) => epochMs / 1_000;

/** A database as Glue answers it. */
export function databaseDocument({ input, createdAt }: DatabaseEntry, account: string) {
  return { ...input, CreateTime: seconds(createdAt), CatalogId: account };
}

/** A table as Glue answers it, without its partitions. */
export function tableDocument(table: TableEntry, account: string) {
  const { StorageDescriptor: storage, ...input } = table.input;
  return {
    Retention: 0,
    PartitionKeys: [],
    ...input,
    DatabaseName: table.databaseName,
    CreateTime: seconds(table.createdAt),
    UpdateTime: seconds(table.updatedAt),
    ...withDefaults(storage),
    IsRegisteredWithLakeFormation: false,
    CatalogId: account,
    VersionId: String(table.version),
  };
}

/** A partition as Glue answers it. */
export function partitionDocument(
  table: TableEntry,
  { values, input, createdAt }: PartitionEntry,
  options: { readonly account: string; readonly withoutColumns?: boolean },
) {
  const { StorageDescriptor: storage, ...rest } = input;
  const { Columns: _, ...columnless } = storage ?? {};
  return {
    ...rest,
    Values: values,
    DatabaseName: table.databaseName,
    TableName: table.input.Name,
    CreationTime: seconds(createdAt),
    ...withDefaults(options.withoutColumns === true && storage !== undefined ? columnless : storage),
    CatalogId: options.account,
  };
}

function withDefaults(storage: StorageDescriptor | undefined): { StorageDescriptor?: StorageDescriptor } {
  return storage === undefined ? {} : { StorageDescriptor: { ...storageDescriptorDefaults, ...storage } };
}
