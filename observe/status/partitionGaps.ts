import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { addDays, isUtcDay, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { dayLocation, partitionDays } from '../../lib/landing/catalog/registerPartitions.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { dayFolder, tableFolder } from '../../lib/tables/tableFolders.ts';
import type { Place } from '../place.ts';

/** Days that are compared: those in which events arrive. The doctor compares all. */
const PARTITION_DAYS = 7;

/** The registrar runs some seconds after the first file of a day has landed. */
const REGISTERED_WITHIN_MS = 60_000;

/** A day whose files no query reads. */
export interface PartitionGap {
  readonly table: TableKind;
  readonly day: UtcDay;
}

/** How the folders of the last days compare with their partitions. */
export interface RecentPartitions {
  /** Days of all tables that have files. */
  readonly days: number;
  readonly gaps: readonly PartitionGap[];
}

/**
 * Compares the day folders of the last seven days and of tomorrow with the partitions: one call of S3 and one of Glue for
 * each table.
 *
 * @throws What the clients of S3 and Glue throw.
 */
export async function readRecentPartitions({
  s3,
  glue,
  config,
  now,
}: Pick<Place, 's3' | 'glue' | 'config' | 'now'>): Promise<RecentPartitions> {
  const catalog = gluePartitionCatalog(glue);
  const first = addDays(utcDay(now), 1 - PARTITION_DAYS);
  const wanted = Array.from({ length: PARTITION_DAYS + 1 }, (_, i) => addDays(first, i));
  const gaps: PartitionGap[] = [];
  let days = 0;
  for (const table of tableKinds) {
    const Prefix = tableFolder(config, table);
    const { CommonPrefixes = [] } = await s3.send(
      new ListObjectsV2Command({
        Bucket: config.bucket,
        Prefix,
        Delimiter: '/',
        StartAfter: `${Prefix}${addDays(first, -1)}/~`,
      }),
    );
    const folders = CommonPrefixes.map((one) => (one.Prefix ?? '').slice(Prefix.length, -1)).filter(
      (day) => isUtcDay(day) && wanted.includes(day),
    );
    days += folders.length;
    const { items } = await catalog.listPage(config.database, config.tables[table], undefined, wanted);
    const inPlace = items.filter(
      ({ values: [day = ''], storage }) =>
        isUtcDay(day) &&
        storage.Location?.replace(/\/?$/, '/') === dayLocation(config, config.bucket, table, day),
    );
    const registered = new Set(partitionDays(inPlace));
    for (const day of folders) {
      if (registered.has(day)) continue;
      const { Contents: [oldest] = [] } = await s3.send(
        new ListObjectsV2Command({
          Bucket: config.bucket,
          Prefix: dayFolder(config, table, day),
          MaxKeys: 1,
        }),
      );
      if (now - (oldest?.LastModified?.getTime() ?? 0) >= REGISTERED_WITHIN_MS) gaps.push({ table, day });
    }
  }
  return { days, gaps };
}
