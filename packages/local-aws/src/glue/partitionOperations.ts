import { z } from 'zod';
import type { Faults } from '../faults/Faults.ts';
import { serviceError } from '../faults/serviceErrors.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { epochSeconds, type JsonOperation } from '../protocol/jsonService.ts';
import {
  compareValues,
  insertPartition,
  type PartitionEntry,
  removePartition,
  replacePartition,
  type TableEntry,
} from './entries.ts';
import { GLUE_LIMITS, NOT_EMPTY, partitionInputSchema, partitionValuesSchema, tooLong } from './inputs.ts';
import {
  type GlueContext,
  glueOperation,
  pageMembers,
  paginate,
  storageMember,
  tableMembers,
} from './operation.ts';
import { parsePartitionFilter } from './partitionFilter.ts';

/** The bounded list of a batch call. */
const boundedList = <Item extends z.ZodType>(item: Item, limit: number) =>
  z.array(item).max(limit, tooLong(limit));

/** The input of an operation on one partition. */
const byValues = z.strictObject({ ...tableMembers, PartitionValues: partitionValuesSchema });

/** Create, list and delete partitions. */
export function partitionOperations(context: GlueContext, now: () => number): Record<string, JsonOperation> {
  const { catalog, account } = context;
  return {
    ...glueOperation(
      context,
      'CreatePartition',
      z.strictObject({ ...tableMembers, PartitionInput: partitionInputSchema }),
      ({ DatabaseName, TableName, PartitionInput }) =>
        catalog.changePartitions(DatabaseName, TableName, (table) =>
          insertPartition(table, PartitionInput, now()),
        ),
    ),
    ...glueOperation(
      context,
      'GetPartitions',
      z.strictObject({
        ...tableMembers,
        ...pageMembers(GLUE_LIMITS.partitionPage),
        Expression: z.string().max(GLUE_LIMITS.expressionCharacters).optional(),
        ExcludeColumnSchema: z.boolean().optional(),
      }),
      ({ DatabaseName, TableName, Expression, ExcludeColumnSchema, NextToken, MaxResults }) => {
        const table = catalog.table(DatabaseName, TableName);
        const matches = parsePartitionFilter(table.input.PartitionKeys ?? [], Expression ?? '');
        const { items, next } = paginate({
          items: table.partitions.filter(({ values }) => matches(values)),
          nameOf: ({ values }) => values,
          isAfter: ({ values }, last) => compareValues(values, last) > 0,
          size: MaxResults,
          token: NextToken,
        });
        const listed = ExcludeColumnSchema === true ? items.map((entry) => withoutColumns(entry)) : items;
        return {
          Partitions: listed.map((entry) => partitionDocument(table, entry, account)),
          NextToken: next,
        };
      },
    ),
    ...glueOperation(context, 'DeletePartition', byValues, ({ DatabaseName, TableName, PartitionValues }) =>
      catalog.changePartitions(DatabaseName, TableName, (table) => removePartition(table, PartitionValues)),
    ),
  };
}

/** A partition in Glue's responses. */
function partitionDocument(table: TableEntry, { values, input, createdAt }: PartitionEntry, account: string) {
  const { StorageDescriptor: storage, ...members } = input;
  return {
    ...members,
    Values: values,
    DatabaseName: table.databaseName,
    TableName: table.input.Name,
    CreationTime: epochSeconds(createdAt),
    ...storageMember(storage),
    CatalogId: account,
  };
}

/** A partition without the columns of its storage descriptor. */
function withoutColumns(entry: PartitionEntry): PartitionEntry {
  if (entry.input.StorageDescriptor === undefined) return entry;
  const { Columns: _, ...StorageDescriptor } = entry.input.StorageDescriptor;
  return { ...entry, input: { ...entry.input, StorageDescriptor } };
}

/** A failed item of a batch. The other items of the batch are not affected. */
interface ItemFailure {
  /** The values of the partition, in the order of the keys. */
  readonly values: readonly string[];
  /** Glue's error: its code and a sentence. */
  readonly detail: { readonly ErrorCode: string; readonly ErrorMessage: string };
}

/** The table whose partitions a batch changes. */
interface BatchTarget {
  /** Name of the database, as it was sent. */
  readonly DatabaseName: string;
  /** Name of the table, as it was sent. */
  readonly TableName: string;
}

/** Options of the batch operations. */
interface BatchContext extends GlueContext {
  /** Injected failures of items. */
  readonly faults: Faults;
}

/**
 * The batch operations. They respond with HTTP 200 in any case, with an entry in `Errors` for each failed item.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
 */
export function partitionBatches(context: BatchContext, now: () => number): Record<string, JsonOperation> {
  return { ...batchCreate(context, now), ...batchUpdate(context), ...batchDelete(context) };
}

/** BatchCreatePartition. @param now Reads the time of creation, epoch milliseconds. */
function batchCreate(context: BatchContext, now: () => number): Record<string, JsonOperation> {
  return glueOperation(
    context,
    'BatchCreatePartition',
    z.strictObject({
      ...tableMembers,
      PartitionInputList: boundedList(partitionInputSchema, GLUE_LIMITS.createBatch),
    }),
    ({ PartitionInputList, ...target }) => {
      const failures = changeItems(
        context,
        target,
        PartitionInputList,
        ({ Values }) => Values ?? [],
        (table, input) => insertPartition(table, input, now()),
      );
      return {
        Errors: failures.map(({ values, detail }) => ({ PartitionValues: values, ErrorDetail: detail })),
      };
    },
  );
}

/** BatchUpdatePartition. */
function batchUpdate(context: BatchContext): Record<string, JsonOperation> {
  const entrySchema = z.strictObject({
    PartitionValueList: partitionValuesSchema,
    PartitionInput: partitionInputSchema,
  });
  return glueOperation(
    context,
    'BatchUpdatePartition',
    z.strictObject({
      ...tableMembers,
      Entries: boundedList(entrySchema, GLUE_LIMITS.updateBatch).min(1, NOT_EMPTY),
    }),
    ({ Entries, ...target }) => {
      const failures = changeItems(
        context,
        target,
        Entries,
        ({ PartitionValueList }) => PartitionValueList,
        (table, { PartitionValueList, PartitionInput }) =>
          replacePartition(table, PartitionValueList, PartitionInput),
      );
      return {
        Errors: failures.map(({ values, detail }) => ({ PartitionValueList: values, ErrorDetail: detail })),
      };
    },
  );
}

/** dbt-athena empties the partitions that it overwrites by this operation. */
function batchDelete(context: BatchContext): Record<string, JsonOperation> {
  return glueOperation(
    context,
    'BatchDeletePartition',
    z.strictObject({
      ...tableMembers,
      PartitionsToDelete: boundedList(
        z.strictObject({ Values: partitionValuesSchema }),
        GLUE_LIMITS.deleteBatch,
      ),
    }),
    ({ PartitionsToDelete, ...target }) => {
      const failures = changeItems(
        context,
        target,
        PartitionsToDelete,
        ({ Values }) => Values,
        (table, { Values }) => removePartition(table, Values),
      );
      return {
        Errors: failures.map(({ values, detail }) => ({ PartitionValues: values, ErrorDetail: detail })),
      };
    },
  );
}

/** Applies a change for each item. The table is written once, with the changes of the items that did not fail. */
function changeItems<Item>(
  { catalog, faults }: BatchContext,
  { DatabaseName, TableName }: BatchTarget,
  items: readonly Item[],
  valuesOf: (item: Item) => readonly string[],
  change: (table: TableEntry, item: Item) => TableEntry,
): ItemFailure[] {
  const failures: ItemFailure[] = [];
  const faultFor = faults.takePartitions(TableName);
  catalog.changePartitions(DatabaseName, TableName, (before) => {
    let table = before;
    for (const item of items) {
      try {
        const code = faultFor(valuesOf(item).join('/'));
        if (code !== undefined) throw serviceError('glue', { code });
        table = change(table, item);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        const detail = { ErrorCode: error.code, ErrorMessage: error.message };
        failures.push({ values: valuesOf(item), detail });
      }
    }
    return table;
  });
  return failures;
}
