import type { TableKind } from '../../schema/kinds.ts';
import type { UtcDay } from '../../time/utcDay.ts';
import { dayLocation, dayPartition } from './dayPartition.ts';
import { findStale } from './findStale.ts';
import type { CatalogPartition, CatalogTable } from './PartitionCatalog.ts';
import type { RegistrarTarget } from './registerPartitions.ts';
import { daysOf, type FailedDay, failedDays } from './settledDays.ts';
import { settleInBatches } from './settleInBatches.ts';

/** What became of partitions that were there. */
export interface Along {
  /** Were described as the table was before, and now as it is. */
  readonly updated: readonly UtcDay[];
  /** Point elsewhere than at their day's folder: made by hand, so left alone, but their rows aren't read. */
  readonly misplaced: readonly UtcDay[];
  readonly failed: readonly FailedDay[];
}

/**
 * Brings partitions along with their table: describes those anew that describe their files as the table did before
 * its columns changed. A reader of Glue's goes by the partition, so a new column would be null where it is filled.
 *
 * @param partitions Of days, as they are in the catalog.
 */
export async function bringAlong(
  target: RegistrarTarget,
  kind: TableKind,
  table: CatalogTable,
  partitions: readonly CatalogPartition[],
): Promise<Along> {
  const { config, bucket, catalog, attempts } = target;
  const locationOf = (day: UtcDay) => dayLocation(config, bucket, kind, day);
  const inPlace = partitions.filter(({ values: [day = ''], storage }) =>
    isSameFolder(storage.Location, locationOf(day)),
  );
  const updated = await settleInBatches(
    findStale(table, inPlace).map(({ values: [day = ''] }) => dayPartition(table, day, locationOf(day))),
    (batch) => catalog.batchUpdate(config.database, table.name, batch),
    attempts,
  );
  return {
    updated: daysOf(updated.done),
    misplaced: daysOf(partitions.filter((partition) => !inPlace.includes(partition))),
    failed: stillThere(failedDays(updated)),
  };
}

/** A partition that was dropped since it was listed needs no update. */
function stillThere(failed: readonly FailedDay[]): FailedDay[] {
  return failed.filter(({ code }) => code !== 'EntityNotFoundException');
}

function isSameFolder(location: string | undefined, folder: string): boolean {
  return location === folder || `${location}/` === folder;
}
