import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import type { UtcDay } from '../base/time.ts';
import { tableKinds } from '../schema/kinds.ts';
import { type FolderLayout, receivedHoursKey } from '../tables/tableFolders.ts';
import { hourStates } from './judgeHour.ts';

/** The members of a row that are read. lib/tables/receivedHoursTable.ts has all columns of the table. */
const receivedHourSchema = z.looseObject({
  ds: z.string(),
  hour: z.int(),
  table_name: z.enum(tableKinds),
  accepted: z.int(),
  finished: z.int(),
  missing: z.int(),
  unproved: z.int(),
  state: z.enum(hourStates),
  why: z.string().nullable(),
});

/** One table in one hour of receipt. */
export type ReceivedHour = z.output<typeof receivedHourSchema>;

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
