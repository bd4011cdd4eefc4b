import { Readable } from 'node:stream';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import type { DatasetFolder } from '../../../../lib/drops/datasetFolder.ts';
import { inspectObjects } from '../../../../lib/drops/files/inspectObjects.ts';
import { judgeByLogs } from '../../../../lib/drops/files/judgeByLogs.ts';
import { listDrop } from '../../../../lib/drops/listDrops.ts';

export const DAY = '2026-11-19';

export const PARQUET = 'PAR1 rows PAR1';

/** A file of a transaction of Databricks. */
export const part = (transaction: string, number = 0) =>
  `part-0000${number}-tid-${transaction}-0a1b-2c3d-${number}-1-c000.snappy.parquet`;

/** A bucket of some texts by key. @param archived Keys of objects that S3 cannot read until they are restored. */
export function bucketOf(texts: Readonly<Record<string, string>>, archived: readonly string[] = []) {
  const objects = Object.entries(texts).map(
    ([key, text]): DropObject => ({
      key,
      size: text.length,
      eTag: `"${text}"`,
      lastModified: new Date(0),
      ...(archived.includes(key) ? { storageClass: 'GLACIER' } : {}),
    }),
  );
  return {
    list: async ({ prefix }: { prefix: string }) => ({
      objects: objects.filter(({ key }) => key.startsWith(prefix)),
      next: undefined,
    }),
    read: async ({ key }: { key: string }, range?: { first: number; last: number }) =>
      Readable.from([
        Buffer.from((texts[key] ?? '').slice(range?.first, (range?.last ?? 1e9) + 1), 'latin1'),
      ]),
  };
}

/** A day's fingerprint, the names of the files that count, and why others do not. */
export async function judge(
  texts: Readonly<Record<string, string>>,
  dataset: Partial<DatasetFolder> = {},
  archived: readonly string[] = [],
) {
  const bucket = bucketOf(texts, archived);
  const configured = { folder: 'events', dayFormat: 'YYYY-MM-DD', ...dataset } as const;
  const listed = await listDrop(bucket, configured, DAY);
  const judged = await judgeByLogs(bucket, listed);
  const drop = judged === null ? null : await inspectObjects(bucket, judged);
  if (drop === null) throw new Error('the day changed');
  const nameOf = ({ key }: DropObject) => key.split('/').at(-1) ?? '';
  const left = drop.leftOut.filter(({ reason }) => reason !== 'success_marker' && reason !== 'temporary');
  return {
    fingerprint: listed.fingerprint,
    files: drop.files.map(nameOf).sort(),
    left: Object.fromEntries(
      left.map(({ object, reason, detail = '' }) => [nameOf(object), `${reason} ${detail}`.trim()]),
    ),
  };
}

/** The same names in the day's folder, or in another one. */
export const inFolder = (names: Readonly<Record<string, string>>, folder = `events/${DAY}/`) =>
  Object.fromEntries(Object.entries(names).map(([name, text]) => [folder + name, text]));
