import { z } from 'zod';
import type { Catalog } from '../../glue/Catalog.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { QueryCall } from '../engine/QueryCall.ts';
import type { Executions } from '../model/Executions.ts';
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
