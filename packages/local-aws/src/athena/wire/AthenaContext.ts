import { z } from 'zod';
import type { Catalog } from '../../glue/index.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { QueryCall } from '../engine/StatementRunner.ts';
import type { Executions } from '../model/Executions.ts';
import { invalidRequest } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import type { PreparedStatementStore } from '../model/PreparedStatementStore.ts';
import type { WorkGroups } from '../model/WorkGroups.ts';

/** What the operations of Athena work on. */
export interface AthenaContext {
  readonly executions: Executions;
  readonly workGroups: WorkGroups;
  readonly prepared: PreparedStatementStore;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** The account whose Data Catalog `AwsDataCatalog` is. */
  readonly account: string;
  readonly region: string;
  /** Told of what a call asks of Glue, and as whom. */
  readonly onCall: (caller: string, call: QueryCall) => void;
}

const atLeast = (least: number) => `Member must have value greater than or equal to ${least}`;
const atMost = (most: number) => `MaxResults is more than maximum allowed length ${most}.`;

/** Paging members. Athena takes 0 for its default in some lists and has it in all of them be 50. */
export const pageMembers = {
  NextToken: z.string().min(1).max(LIMITS.nextTokenCharacters).optional(),
  MaxResults: z
    .int()
    .min(0, atLeast(0))
    .max(LIMITS.listPage, atMost(LIMITS.listPage))
    .default(LIMITS.listPage)
    .transform((size) => (size === 0 ? LIMITS.listPage : size)),
};

/** An identifier of an execution or a named query. */
export const idSchema = z.string().min(1).max(128);

/** Epoch seconds, as times go out: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export const seconds = (epochMs: number) => epochMs / 1_000;

/**
 * One page of a list. The token names the last item of the page before, so that what is added or removed between two
 * calls is neither skipped nor listed twice; an item that has gone since ends the list.
 */
export function paginate<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  { NextToken, MaxResults }: { readonly NextToken?: string | undefined; readonly MaxResults: number },
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const last = NextToken === undefined ? undefined : Buffer.from(NextToken, 'base64url').toString('utf8');
  const before = last === undefined ? -1 : items.findIndex((item) => nameOf(item) === last);
  if (last !== undefined && before < 0) throw invalidRequest('The NextToken is not one that was given out.');
  const taken = items.slice(before + 1, before + 1 + MaxResults);
  const end = taken.at(-1);
  const isLast = end === undefined || before + 1 + taken.length >= items.length;
  return { items: taken, next: isLast ? undefined : Buffer.from(nameOf(end)).toString('base64url') };
}

/** The one data catalog there is: Glue's, of this account. */
export const DATA_CATALOG = 'AwsDataCatalog';

/** Athena takes its name in any case; drivers send it in lower case. */
export function isDataCatalog(name: string): boolean {
  return name.toLowerCase() === DATA_CATALOG.toLowerCase();
}
