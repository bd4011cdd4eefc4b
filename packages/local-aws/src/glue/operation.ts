import { z } from 'zod';
import { type JsonOperation, operation } from '../protocol/jsonService.ts';
import type { Catalog } from './Catalog.ts';
import { foreignCatalog, invalidInput } from './errors.ts';
import { nameSchema, type StorageDescriptor, storageDescriptorDefaults } from './inputs.ts';

/** Context of every Glue operation. */
export interface GlueContext {
  /** Holds databases, tables and partitions. */
  readonly catalog: Catalog;
  /** The account that owns the catalog. Its ID is the catalog's ID. */
  readonly account: string;
}

/** The member of every operation: the catalog's ID, which is the account's ID. */
export const catalogMember = { CatalogId: nameSchema.optional() };

/** Members of every operation on a table's partitions. */
export const tableMembers = { ...catalogMember, DatabaseName: nameSchema, TableName: nameSchema };

/** Members of every operation that answers in pages. */
interface PageMembers {
  /** The token of the last answer; absent for the first page. */
  readonly NextToken: z.ZodOptional<z.ZodString>;
  /** Items a page. */
  readonly MaxResults: z.ZodDefault<z.ZodInt>;
}

/** Paging members, with at most `limit` items a page. */
export const pageMembers = (limit: number): PageMembers => ({
  NextToken: z.string().optional(),
  MaxResults: z
    .int()
    .min(1, 'Member must have value greater than or equal to 1')
    .max(limit, `Member must have value less than or equal to ${limit}`)
    .default(limit),
});

/** An operation of Glue. It rejects the catalog of another account. */
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

/** A token, decoded: the sort key of the last item of a page. */
const tokenSchema = z.array(z.string());

/** A sorted list, and which page of it is asked for. */
export interface PagedList<Item> {
  /** The whole list. */
  readonly items: readonly Item[];
  /** The sort key of an item. */
  readonly nameOf: (item: Item) => readonly string[];
  /** Whether an item sorts after the named one. */
  readonly isAfter: (item: Item, name: readonly string[]) => boolean;
  /** The most items of a page. */
  readonly size: number;
  /** The token that the page before gave; undefined for the first page. */
  readonly token: string | undefined;
}

/** A page of a list. */
interface Page<Item> {
  /** The items of the page. */
  readonly items: readonly Item[];
  /** The token for the next page; the last page has none. */
  readonly next?: string;
}

/**
 * One page of a sorted list. The token names the last item of the previous page instead of an offset, so that items
 * added or removed between two calls are neither skipped nor listed twice.
 *
 * @throws AwsError InvalidInputException for a token that was not given out.
 */
export function paginate<Item>({ items, nameOf, isAfter, size, token }: PagedList<Item>): Page<Item> {
  const last = token === undefined ? undefined : parseToken(token);
  const remaining = last === undefined ? items : items.filter((item) => isAfter(item, last));
  const pageItems = remaining.slice(0, size);
  const end = pageItems.at(-1);
  if (remaining.length <= size || end === undefined) return { items: pageItems };
  return { items: pageItems, next: Buffer.from(JSON.stringify(nameOf(end))).toString('base64url') };
}

/**
 * The position that a token stands for. @throws AwsError `InvalidInputException` for a token that Glue has not given
 * out.
 */
function parseToken(token: string): string[] {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch {
    throw invalidInput('The NextToken is not one that was given out.');
  }
}

/** A storage descriptor in Glue's responses: with its defaults, or none. */
export function storageMember(storage: StorageDescriptor | undefined): {
  /** Absent if none was ever set. */
  readonly StorageDescriptor?: StorageDescriptor;
} {
  return storage === undefined ? {} : { StorageDescriptor: { ...storageDescriptorDefaults, ...storage } };
}
