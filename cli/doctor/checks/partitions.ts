import { dayLocation } from '../../../lib/catalog/dayPartition.ts';
import { findMissing } from '../../../lib/catalog/findMissing.ts';
import { findStale } from '../../../lib/catalog/findStale.ts';
import type { CatalogPartition } from '../../../lib/catalog/PartitionCatalog.ts';
import type { Config } from '../../../lib/config/configSchema.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { addDays, isUtcDay, type UtcDay, utcDay } from '../../../lib/time/utcDay.ts';
import { inParts } from '../askAws.ts';
import type { Check } from '../Check.ts';
import type { FindingCode } from '../doctorFindings.ts';
import { type Finding, finding } from '../Finding.ts';
import type { TablePartitions } from '../TablePartitions.ts';

/** Days that are told by name; the others are counted. */
const NAMED_DAYS = 5;

/** Partitions beside the folders of days: a day without one is in S3 and in no answer of a query. */
export const partitions: Check = {
  name: 'partitions',
  expects: 'each day with files has its partition, each partition its day’s files and the table’s columns',
  needs: ['tables', 'bucket'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_PARTITION_MISSING',
    'SLUICE_DOCTOR_PARTITION_EMPTY',
    'SLUICE_DOCTOR_PARTITION_MISPLACED',
    'SLUICE_DOCTOR_PARTITION_STALE',
  ],
  permissions: ['s3:ListBucket', 'glue:GetPartitions', 'glue:GetTable'],
  run: async (visit) => {
    const config = await visit.config();
    const today = utcDay(await visit.now());
    return inParts(
      tableKinds,
      async (kind) => {
        const read = await visit.tablePartitions(kind);
        return read === undefined ? [] : judgePartitions(read, config, kind, today);
      },
      (impossible) => impossible.finding,
    );
  },
};

/** Judges a table's partitions by its day folders. Today's and tomorrow's are made before there is anything in them. */
function judgePartitions(
  { table, partitions: all, folders }: TablePartitions,
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>,
  kind: TableKind,
  today: UtcDay,
): Finding[] {
  const there = new Set(folders);
  const ours = all.filter(({ values: [day = ''] }) => isUtcDay(day));
  const dayOf = ({ values: [day = ''] }: CatalogPartition) => day;
  const ahead = new Set<string>([today, addDays(today, 1)]);
  const inPlace = ours.filter(
    (partition) =>
      partition.storage.Location?.replace(/\/?$/, '/') ===
      dayLocation(config, config.bucket, kind, dayOf(partition)),
  );
  const missing = findMissing({ today, folders, partitions: all }).filter((day) => there.has(day));
  // On most days nothing is refused, as it should be.
  const empty =
    kind === 'quarantine' ? [] : inPlace.map(dayOf).filter((day) => !there.has(day) && !ahead.has(day));
  const misplaced = ours.filter((partition) => !inPlace.includes(partition)).map(dayOf);
  const tell = (code: FindingCode, days: readonly string[]) =>
    days.length === 0 ? [] : [finding(code, `${table.name}: ${listed(days)}.`)];
  return [
    ...tell('SLUICE_DOCTOR_PARTITION_MISSING', missing),
    ...tell('SLUICE_DOCTOR_PARTITION_EMPTY', empty),
    ...tell('SLUICE_DOCTOR_PARTITION_MISPLACED', misplaced),
    ...tell('SLUICE_DOCTOR_PARTITION_STALE', findStale(table, inPlace).map(dayOf)),
  ];
}

function listed(days: readonly string[]): string {
  const named = days.slice(0, NAMED_DAYS).join(', ');
  return days.length > NAMED_DAYS ? `${named} and ${days.length - NAMED_DAYS} more` : named;
}
