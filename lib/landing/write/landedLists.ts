import { hash } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../base/json.ts';
import type { ListedObject } from '../../base/ObjectStore.ts';
import { landingKind, landingListKey } from '../../tables/objectKeys.ts';
import { LandingError } from '../frames/LandingError.ts';

/** Records that the collector put as objects of their own, and that become files together. */
export interface LandedList {
  /** Their keys, in the order in which they are read. */
  readonly members: readonly string[];
  /**
   * Null until the files of the list exist. From then on the members that were read and their ETags: what is left to be
   * deleted.
   */
  readonly written: readonly ReadMember[] | null;
}

/** A member of a list, as it was read. */
export interface ReadMember {
  readonly key: string;
  readonly eTag: string;
}

/** Records of a list: few enough to be read and deleted within a minute. */
export const MAX_MEMBERS = 5_000;
/** Bytes of a list's records, as many as Firehose buffers. A larger record is a list by itself. */
const MAX_LIST_BYTES = 67_108_864;

/** Divides records into lists, by their keys. */
export function cutLists(records: readonly Pick<ListedObject, 'key' | 'size'>[]): string[][] {
  const lists: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    let last = lists.at(-1);
    if (last === undefined || last.length >= MAX_MEMBERS || bytes + record.size > MAX_LIST_BYTES) {
      last = [];
      lists.push(last);
      bytes = 0;
    }
    last.push(record.key);
    bytes += record.size;
  }
  return lists;
}

/** Key of a list. It follows from the members. */
export function keyOfList(members: readonly string[]): string {
  return landingListKey(hash('sha256', JSON.stringify(members)));
}

const listSchema = z.strictObject({
  version: z.literal(1),
  members: z
    .array(z.string().refine((key) => landingKind(key) === 'direct'))
    .min(1)
    .max(MAX_MEMBERS)
    .refine((members) => new Set(members).size === members.length),
  written: z.array(z.strictObject({ key: z.string(), etag: z.string() })).nullable(),
});

/** A list, as its object holds it. */
export function listText({ members, written }: LandedList): string {
  const etags = written?.map(({ key, eTag }) => ({ key, etag: eTag })) ?? null;
  return JSON.stringify({ version: 1, members, written: etags });
}

/** Reads such a text. @throws LandingError `SLUICE_LANDING_LIST_INVALID`. */
export function readList(key: string, text: string): LandedList {
  const { data } = listSchema.safeParse(parseJson(text));
  if (data === undefined || keyOfList(data.members) !== key)
    throw new LandingError('SLUICE_LANDING_LIST_INVALID', `${key}.`);
  const { members, written } = data;
  return { members, written: written?.map(({ key: of, etag }) => ({ key: of, eTag: etag })) ?? null };
}
