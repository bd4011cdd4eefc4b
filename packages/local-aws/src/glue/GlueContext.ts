import { z } from 'zod';
import { type JsonOperation, operation } from '../protocol/JsonService.ts';
import type { Catalog } from './Catalog.ts';
import { nameSchema } from './columns.ts';
import { foreignCatalog } from './errors.ts';
import { GLUE_LIMITS } from './limits.ts';

/** What every operation of Glue works on. */
export interface GlueContext {
  readonly catalog: Catalog;
  /** The account whose catalog it is: its id is the catalog's. */
  readonly account: string;
}

/** Member that every operation has: the catalog's id, which is the account's. */
export const catalogMember = { CatalogId: nameSchema.optional() };

/** Members of every operation on a table's partitions. */
export const tableMembers = { ...catalogMember, DatabaseName: nameSchema, TableName: nameSchema };

/** A list of a batch call, bounded. */
export const batchOf = <Item extends z.ZodType>(item: Item, limit: number) =>
  z.array(item).max(limit, `Member must have length less than or equal to ${limit}`);

/** Paging members, `limit` items a page at most. */
export const pageMembers = (limit: number) => ({
  NextToken: z.string().optional(),
  MaxResults: z
    .int()
    .min(1, 'Member must have value greater than or equal to 1')
    .max(limit, `Member must have value less than or equal to ${limit}`)
    .default(limit),
});

/** The members of calls that list databases and tables, a page at a time. */
export const listMembers = pageMembers(GLUE_LIMITS.listPage);

/** An operation of Glue: refuses another account's catalog. */
export function glueOperation<Schema extends z.ZodType<{ CatalogId?: string | undefined }>>(
  context: GlueContext,
  name: string,
  input: Schema,
  run: (input: z.output<Schema>) => unknown,
): Record<string, JsonOperation> {
  return {
    [name]: operation({
      input,
      run: (parsed) => {
        const { CatalogId } = parsed;
        if (CatalogId !== undefined && CatalogId !== context.account) throw foreignCatalog(CatalogId);
        return run(parsed);
      },
    }),
  };
}
