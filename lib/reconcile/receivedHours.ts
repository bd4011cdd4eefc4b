import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { HOUR_MS, type UtcDay } from '../base/time.ts';
import { tableKinds } from '../schema/kinds.ts';
import { type FolderLayout, receivedHoursKey } from '../tables/tableFolders.ts';
import { hourStates } from './judgeHour.ts';

/** The members of a row that are read. lib/tables/receivedHoursTable.ts has all columns of the table. */
const receivedHourSchema = z.looseObject({
  /** Day of receipt, UTC. */
  ds: z.string(),
  /** Hour of that day, 0 to 23. */
  hour: z.int(),
  /** The table, by its kind. */
  table_name: z.enum(tableKinds),
  /** Events that the collector stored, in the stream or in an object. */
  accepted: z.int(),
  /** Events whose object was written and deleted. */
  finished: z.int(),
  /** Events that are nowhere. */
  missing: z.int(),
  /** The most events that could be missing unseen. */
  unproved: z.int(),
  /** Whether events are missing: `open` is not known yet, `unknown` not known for three days. */
  state: z.enum(hourStates),
  /** Why it is open or unknown, in words; else null. */
  why: z.string().nullable(),
  /** Time of the judgement, UTC: `2026-11-21 01:10:00.000`. Each night writes it; a row without it still counts. */
  checked_at: z.string().optional(),
});

/** One table in one hour of receipt. */
export type ReceivedHour = z.output<typeof receivedHourSchema>;

/** When an hour began, epoch milliseconds. */
export function hourStart({ ds, hour }: Pick<ReceivedHour, 'ds' | 'hour'>): number {
  return Date.parse(`${ds}T00:00:00Z`) + hour * HOUR_MS;
}

/**
 * The rows of a day of receipt, and the ETag of their object. Before the first night there are no rows, and the ETag is
 * null. @throws What the store throws.
 */
export async function readReceivedHours(
  store: Pick<ObjectStore, 'read'>,
  layout: FolderLayout,
  day: UtcDay,
): Promise<{ readonly rows: readonly ReceivedHour[]; readonly eTag: string | null }> {
  const { text = '', eTag = null } = (await store.read(receivedHoursKey(layout, day))) ?? {};
  const rows = text.split('\n').flatMap((line) => receivedHourSchema.safeParse(parseJson(line)).data ?? []);
  return { rows, eTag };
}
