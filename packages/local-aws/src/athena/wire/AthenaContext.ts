import { z } from 'zod';
import type { Catalog } from '../../glue/index.ts';
import type { Signer } from '../../iam/Caller.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { QueryCall } from '../engine/StatementRunner.ts';
import type { Executions } from '../model/Executions.ts';
import { invalidRequest } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import type { PreparedStatementStore } from '../model/PreparedStatementStore.ts';
import type { WorkGroups } from '../model/WorkGroups.ts';

/** Context of Athena's operations. */
export interface AthenaContext {
  /** The queries of all workgroups. */
  readonly executions: Executions;
  /** The workgroups. */
  readonly workGroups: WorkGroups;
  /** The prepared statements of all workgroups. */
  readonly prepared: PreparedStatementStore;
  /** The local Glue, which is `AwsDataCatalog`. */
  readonly catalog: Catalog;
  /** The local S3, which has results. */
  readonly store: ObjectStore;
  /** The account that owns `AwsDataCatalog`. */
  readonly account: string;
  /** Receives the calls that an operation makes to Glue and S3, and its caller: see `AthenaOptions`. */
  readonly onCall: (caller: Signer, call: QueryCall) => void;
}

/** Athena's message for a number that is too small. */
const atLeast = (least: number) => `Member must have value greater than or equal to ${least}`;
/** Athena's message for a page that is too large. */
const atMost = (most: number) => `MaxResults is more than maximum allowed length ${most}.`;

/** Paging members. 0 stands for the default, as in some of Athena's lists. The default is 50. */
export const pageMembers = {
  NextToken: z.string().min(1).max(LIMITS.nextTokenCharacters).optional(),
  MaxResults: z
    .int()
    .min(0, atLeast(0))
    .max(LIMITS.listPage, atMost(LIMITS.listPage))
    .default(LIMITS.listPage)
    .transform((size) => (size === 0 ? LIMITS.listPage : size)),
};

/** The ID of an execution. */
export const idSchema = z.string().min(1).max(LIMITS.idCharacters);

/** A client's request token. */
export const tokenSchema = z.string().min(LIMITS.tokenLeastCharacters).max(LIMITS.tokenMostCharacters);

/**
 * One page of a list. The token names the last item of the previous page, so that items added or removed between two
 * calls are neither skipped nor listed twice. If that item has been removed, the token is rejected.
 *
 * @throws AwsError `InvalidRequestException` for such a token.
 */
export function paginate<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  { NextToken, MaxResults }: { readonly NextToken?: string | undefined; readonly MaxResults: number },
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const last = NextToken === undefined ? undefined : Buffer.from(NextToken, 'base64url').toString('utf8');
  const before = last === undefined ? -1 : items.findIndex((item) => nameOf(item) === last);
  if (last !== undefined && before < 0) throw invalidRequest('The NextToken is not one that was given out.');
  const pageItems = items.slice(before + 1, before + 1 + MaxResults);
  const end = pageItems.at(-1);
  const isLast = end === undefined || before + 1 + pageItems.length >= items.length;
  return { items: pageItems, next: isLast ? undefined : Buffer.from(nameOf(end)).toString('base64url') };
}

/** The only data catalog: this account's Glue. */
export const DATA_CATALOG = 'AwsDataCatalog';

/** Athena ignores the case of the name. Drivers send it in lower case. */
export function isDataCatalog(name: string): boolean {
  return name.toLowerCase() === DATA_CATALOG.toLowerCase();
}
