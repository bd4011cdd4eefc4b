import { z } from 'zod';
import type { JsonOperation } from '../protocol/JsonService.ts';
import { partitionDocument } from './documents.ts';
import { compareValues } from './entries.ts';
import { type GlueContext, glueOperation, pageMembers, tableMembers } from './GlueContext.ts';
import { GLUE_LIMITS } from './limits.ts';
import { page } from './paging.ts';
import { findPartition, insertPartition, removePartition, replacePartition } from './partitionChanges.ts';
import { partitionFilter } from './partitionFilter.ts';
import { partitionInputSchema, partitionValuesSchema } from './partitionInput.ts';

const byValues = z.strictObject({ ...tableMembers, PartitionValues: partitionValuesSchema });

/** One of several parts in which a client lists a table's partitions side by side. */
const segmentSchema = z
  .strictObject({
    SegmentNumber: z.int().min(0),
    TotalSegments: z.int().min(1).max(GLUE_LIMITS.segments),
  })
  .refine(({ SegmentNumber, TotalSegments }) => SegmentNumber < TotalSegments, 'SegmentNumber is too large');

/** Create, read, list, update and delete single partitions. */
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
    ...glueOperation(context, 'GetPartition', byValues, ({ DatabaseName, TableName, PartitionValues }) => {
      const table = catalog.table(DatabaseName, TableName);
      return { Partition: partitionDocument(table, findPartition(table, PartitionValues), { account }) };
    }),
    ...glueOperation(
      context,
      'GetPartitions',
      z.strictObject({
        ...tableMembers,
        ...pageMembers(GLUE_LIMITS.partitionPage),
        Expression: z.string().max(GLUE_LIMITS.expressionCharacters).optional(),
        ExcludeColumnSchema: z.boolean().optional(),
        Segment: segmentSchema.optional(),
      }),
      ({ DatabaseName, TableName, Expression, ExcludeColumnSchema, Segment, NextToken, MaxResults }) => {
        const table = catalog.table(DatabaseName, TableName);
        const matches = partitionFilter(table.input.PartitionKeys ?? [], Expression ?? '');
        const { items, next } = page({
          items: table.partitions.filter(
            ({ values }, index) => matches(values) && isOfSegment(index, Segment),
          ),
          nameOf: ({ values }) => values,
          isAfter: ({ values }, last) => compareValues(values, last) > 0,
          size: MaxResults,
          token: NextToken,
        });
        const options = { account, withoutColumns: ExcludeColumnSchema ?? false };
        return {
          Partitions: items.map((entry) => partitionDocument(table, entry, options)),
          NextToken: next,
        };
      },
    ),
    ...glueOperation(
      context,
      'UpdatePartition',
      z.strictObject({
        ...tableMembers,
        PartitionValueList: partitionValuesSchema,
        PartitionInput: partitionInputSchema,
      }),
      ({ DatabaseName, TableName, PartitionValueList, PartitionInput }) =>
        catalog.changePartitions(DatabaseName, TableName, (table) =>
          replacePartition(table, PartitionValueList, PartitionInput),
        ),
    ),
    ...glueOperation(context, 'DeletePartition', byValues, ({ DatabaseName, TableName, PartitionValues }) =>
      catalog.changePartitions(DatabaseName, TableName, (table) => removePartition(table, PartitionValues)),
    ),
  };
}

function isOfSegment(index: number, segment: z.output<typeof segmentSchema> | undefined): boolean {
  return segment === undefined || index % segment.TotalSegments === segment.SegmentNumber;
}
