import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { sum } from '../../../lib/base/sum.ts';
import { addDays, isUtcDay, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { type NotedRule, parseArchivingRules } from '../../../lib/landing/catalog/archivingRules.ts';
import { filesAt, type LostDay, lostDays, parseRawDays } from '../../../lib/landing/catalog/rawDays.ts';
import { dayLocation } from '../../../lib/landing/catalog/registerPartitions.ts';
import { type ForwardedKind, forwardedKinds, type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { ARCHIVING_RULES_KEY, rawDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, tableFolders } from '../../../lib/tables/tableFolders.ts';
import type { Deployment } from '../../deployment.ts';
import { type MadePartition, readMadePartitions } from './tables.ts';

/** The registrar runs some seconds after the first file of a day has landed. */
const REGISTERED_WITHIN_MS = 60_000;

/** Days of a table whose folders are listed at the same time. */
const PARALLEL = 8;

/** A day whose own files no query reads, or which has none and has the rows of another folder. */
export interface PartitionGap {
  /** The table, by its kind. */
  readonly table: TableKind;
  /** The day, UTC. */
  readonly day: UtcDay;
  /** Its partition, which points to another folder; absent if there is no partition. */
  readonly elsewhere?: MadePartition;
  /** Of such a partition, that the day has no files of its own; absent if it has some. */
  readonly isWithoutFiles?: true;
}

/** How the folders of the last days compare with their partitions. */
export interface RecentPartitions {
  /** Days that have files, counted once for each table. */
  readonly days: number;
  /** Days of tables that have files and no partition, or a partition that points to another folder. */
  readonly gaps: readonly PartitionGap[];
}

/** A range that has every day. */
export const ALWAYS = { from: '0000-01-01', to: '9999-12-31' };

/**
 * Compares the day folders of the time window, in which events arrive, with the partitions, and the places of all partitions: one call of
 * S3, and one of Glue for each thousand days, for each table. The doctor compares all folders.
 *
 * @throws What the clients of S3 and Glue throw.
 */
export async function readRecentPartitions({
  s3,
  glue,
  config,
  now,
}: Pick<Deployment, 's3' | 'glue' | 'config' | 'now'>): Promise<RecentPartitions> {
  const { pastDays, futureDays } = config.timeWindow;
  const store = s3ObjectStore(s3, config.bucket);
  const recent = { from: addDays(utcDay(now), -pastDays), to: addDays(utcDay(now), futureDays) };
  const tables = await Promise.all(
    tableKinds.map(async (table) => {
      const folders = await dayFolders({ s3, config }, table, recent);
      const unregistered = await unregisteredDays({ glue, config }, table, folders, ALWAYS);
      const gaps = await mapLimit(unregistered, PARALLEL, async (gap) => {
        const { items } = await store.listPage(dayFolder(config, table, gap.day), { limit: 1 });
        const { isWithoutFiles: _, ...ofFiles } = gap;
        if (gap.elsewhere !== undefined) return [items.length === 0 ? gap : ofFiles];
        return now - (items[0]?.modifiedAt ?? 0) >= REGISTERED_WITHIN_MS ? [gap] : [];
      });
      return { days: folders.length, gaps: gaps.flat() };
    }),
  );
  return { days: sum(tables.map(({ days }) => days)), gaps: tables.flatMap(({ gaps }) => gaps) };
}

/** A day of a raw table of which files are gone, as the registrar has noted, and how many it has. */
export interface LostRawDay extends LostDay {
  /** The table, by its kind. */
  readonly table: ForwardedKind;
  /** Number of files that are there still. */
  readonly left: number;
}

/**
 * Days of raw tables of which files are gone: one call of S3 for each table, and one for each thousand files of these days, as
 * files may have come back since the hourly look.
 *
 * @throws What the client of S3 throws.
 */
export async function readLostDays({
  s3,
  config,
}: Pick<Deployment, 's3' | 'config'>): Promise<readonly LostRawDay[]> {
  const store = s3ObjectStore(s3, config.bucket);
  const read = async (table: ForwardedKind) => {
    const note = parseRawDays((await store.read(rawDaysKey(table)))?.text);
    const lost: LostRawDay[] = [];
    for (const lostDay of note === null ? [] : lostDays(note)) {
      const { counts } = await filesAt(store, dayFolder(config, table, lostDay.day), lostDay.seenAt);
      const [left = 0] = counts;
      if (left < lostDay.files) lost.push({ table, left, ...lostDay });
    }
    return lost;
  };
  return (await Promise.all(forwardedKinds.map(read))).flat();
}

/** Rules of the bucket that archive objects, as the registrar has noted them. @throws What the client of S3 throws. */
export async function readNotedRules({
  s3,
  config,
}: Pick<Deployment, 's3' | 'config'>): Promise<readonly NotedRule[]> {
  return parseArchivingRules((await s3ObjectStore(s3, config.bucket).read(ARCHIVING_RULES_KEY))?.text);
}

/**
 * The days of a table that have a folder, oldest first.
 *
 * @throws What the client of S3 throws.
 */
export function dayFolders(
  deployment: Pick<Deployment, 's3' | 'config'>,
  table: TableKind,
  range: { readonly from: UtcDay; readonly to: UtcDay },
): Promise<UtcDay[]> {
  return daysUnder(deployment, tableFolders(deployment.config, table), range);
}

/** The days of a range that have a folder in others, oldest first. @throws What the client of S3 throws. */
export async function daysUnder(
  { s3, config }: { readonly s3: S3Client; readonly config: Pick<Deployment['config'], 'bucket'> },
  folders: readonly string[],
  { from, to }: { readonly from: UtcDay; readonly to: UtcDay },
): Promise<UtcDay[]> {
  const days = new Set<UtcDay>();
  for (const Prefix of folders) {
    const input = { Bucket: config.bucket, Prefix, Delimiter: '/', StartAfter: `${Prefix}${from}` };
    for await (const { CommonPrefixes = [] } of paginateListObjectsV2({ client: s3 }, input))
      for (const folder of CommonPrefixes) days.add((folder.Prefix ?? '').slice(Prefix.length, -1));
  }
  return [...days].filter((day) => isUtcDay(day) && day >= from && day <= to).sort();
}

/**
 * A note that names the days of tables whose files no query reads; none without such days.
 *
 * @throws What the clients of S3 and Glue throw.
 */
export async function unreadNotes(
  deployment: Pick<Deployment, 's3' | 'glue' | 'config'>,
  kinds: readonly TableKind[],
  range: { readonly from: UtcDay; readonly to: UtcDay },
): Promise<readonly string[]> {
  const unread: string[] = [];
  for (const kind of kinds) {
    const folders = await dayFolders(deployment, kind, range);
    const gaps = await unregisteredDays(deployment, kind, folders, range);
    const withFiles = gaps.filter(({ day }) => folders.includes(day));
    unread.push(...withFiles.map(({ day }) => `${deployment.config.tables[kind]} ${day}`));
  }
  return unread.length === 0
    ? []
    : [`No query reads the files of ${unread.join(', ')}, which lack a partition.`];
}

/**
 * Which days of a table have no partition at their folder. No query reads the files of such a day; where a partition points to
 * another folder, queries read that folder's rows as rows of the day, also of a day that has no files.
 *
 * @param days Days that have a folder.
 * @param range The days whose partitions are compared.
 * @throws What Glue's client throws.
 */
export async function unregisteredDays(
  deployment: Pick<Deployment, 'glue' | 'config' | 'signal'>,
  table: TableKind,
  days: readonly UtcDay[],
  range: { readonly from: UtcDay; readonly to: UtcDay },
): Promise<readonly PartitionGap[]> {
  const { config } = deployment;
  const partitions = await readMadePartitions(deployment, config.tables[table], range);
  const missing = days.filter((day) => !partitions.has(day)).map((day) => ({ table, day }));
  const misplaced = [...partitions]
    .filter(([day, { location }]) => location !== dayLocation(config, config.bucket, table, day))
    .map(([day, elsewhere]): PartitionGap => {
      const gap = { table, day, elsewhere };
      return days.includes(day) ? gap : { ...gap, isWithoutFiles: true };
    });
  return [...missing, ...misplaced];
}
