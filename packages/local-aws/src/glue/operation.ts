import { z } from 'zod';
import { type JsonOperation, operation } from '../protocol/JsonService.ts';
import type { Catalog } from './Catalog.ts';
import type { DatabaseEntry, PartitionEntry, TableEntry } from './entries.ts';
import { foreignCatalog, invalidInput } from './errors.ts';
import { GLUE_LIMITS, nameSchema, type StorageDescriptor, storageDescriptorDefaults } from './inputs.ts';

/** Context of every Glue operation. */
export interface GlueContext {
  readonly catalog: Catalog;
  /** The account that owns the catalog. Its ID is the catalog's ID. */
  readonly account: string;
}

/** The member of every operation: the catalog's ID, which is the account's ID. */
export const catalogMember = { CatalogId: nameSchema.optional() };

/** Members of every operation on a table's partitions. */
export const tableMembers = { ...catalogMember, DatabaseName: nameSchema, TableName: nameSchema };

/** The bounded list of a batch call. */
export const boundedList = <Item extends z.ZodType>(item: Item, limit: number) =>
  z.array(item).max(limit, `Member must have length less than or equal to ${limit}`);

/** Paging members, with at most `limit` items per page. */
export const pageMembers = (limit: number) => ({
  NextToken: z.string().optional(),
  MaxResults: z
    .int()
    .min(1, 'Member must have value greater than or equal to 1')
    .max(limit, `Member must have value less than or equal to ${limit}`)
    .default(limit),
});

/** Paging members of the calls that list databases and tables. */
export const listMembers = pageMembers(GLUE_LIMITS.listPage);

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

const tokenSchema = z.array(z.string());

/**
 * One page of a sorted list. The token names the last item of the previous page instead of an offset, so that items
 * added or removed between two calls are neither skipped nor listed twice.
 *
 * @param nameOf The sort key of an item.
 * @param isAfter Whether an item sorts after the named one.
 */
export function paginate<Item>(options: {
  readonly items: readonly Item[];
  readonly nameOf: (item: Item) => readonly string[];
  readonly isAfter: (item: Item, name: readonly string[]) => boolean;
  readonly size: number;
  readonly token: string | undefined;
}): { readonly items: readonly Item[]; readonly next?: string } {
  const { items, nameOf, isAfter, size, token } = options;
  const last = token === undefined ? undefined : parseToken(token);
  const rest = last === undefined ? items : items.filter((item) => isAfter(item, last));
  const pageItems = rest.slice(0, size);
  const end = pageItems.at(-1);
  if (rest.length <= size || end === undefined) return { items: pageItems };
  return { items: pageItems, next: Buffer.from(JSON.stringify(nameOf(end))).toString('base64url') };
}

function parseToken(token: string): string[] {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch {
    throw invalidInput('The NextToken is not one that was given out.');
  }
}

/** Times in responses are epoch seconds: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
const seconds = (epochMs: number) => epochMs / 1_000;

/** A database in Glue's responses. */
export function databaseDocument({ input, createdAt }: DatabaseEntry, account: string) {
  return { ...input, CreateTime: seconds(createdAt), CatalogId: account };
}

/** A table in Glue's responses, without its partitions. */
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

/** A partition in Glue's responses. */
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
