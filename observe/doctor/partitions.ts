import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { counted, listed } from '../../lib/base/text.ts';
import { isUtcDay, type UtcDay } from '../../lib/base/time.ts';
import type { CatalogPartition } from '../../lib/landing/catalog/PartitionCatalog.ts';
import { findStalePartitions } from '../../lib/landing/catalog/registerPartitions.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { ALWAYS, dayFolders, unregisteredDays } from '../facts/tables/partitionGaps.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { misplacedPartitions } from '../findings/judge/days/partitions.ts';
import { ifThere } from '../ifThere.ts';
import { type Look, type Question, settled } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The partitions against the folders of days: no query reads a day in S3 without a partition. */
export const partitionsLook: Look = {
  name: 'all-partitions',
  expects:
    'each day with files has a partition, and each partition has the folder of its day and the columns of its table',
  find: (setup) =>
    settled(tableKinds.map((kind): Question => [`the partitions of ${kind}`, findPartitions(setup, kind)])),
};

/** Looks for partitions of a table that are missing, are misplaced or have other columns. */
async function findPartitions(setup: Setup, kind: TableKind): Promise<readonly Finding[]> {
  const { glue, config, commands } = setup;
  const inGlue = gluePartitionCatalog(glue);
  const name = config.tables[kind];
  const table = await ifThere(inGlue.getTable(config.database, name));
  // Another look finds a missing table.
  if (table === undefined) return [];
  // Folders first: a partition that is registered between the two listings is then found.
  const folders = await dayFolders(setup, kind, ALWAYS);
  const all: CatalogPartition[] = [];
  let token: string | undefined;
  do {
    const page = await inGlue.listPage(config.database, name, token);
    all.push(...page.items);
    token = page.next;
  } while (token !== undefined);
  const stale = findStalePartitions(table, all).map(({ values: [day = ''] }) => day);
  const gaps = await unregisteredDays(setup, kind, folders, ALWAYS);
  const unregistered = gaps.filter(({ elsewhere }) => elsewhere === undefined).map(({ day }) => day);
  return [
    ...judgePartitions(name, 'folder', unregistered, commands),
    ...misplacedPartitions(gaps, setup),
    ...judgePartitions(name, 'columns', stale.filter(isUtcDay), commands),
  ];
}

/** Judges days of a table whose partition is missing or has earlier columns. */
export function judgePartitions(
  table: string,
  fault: 'folder' | 'columns',
  days: readonly UtcDay[],
  commands: Pick<Setup['commands'], 'register'>,
): readonly Finding[] {
  const [first] = days;
  if (first === undefined) return [];
  const what = fault === 'folder' ? 'no partition' : 'an earlier set of columns';
  const title = `${counted(days.length, 'day')} of ${table} ${days.length === 1 ? 'has' : 'have'} ${what}, the first ${first}`;
  const told = { case: fault, ...seenNow(title, `${table}: ${what}: ${listed(days)}.`) };
  return [finding('SLUICE_FINDING_PARTITION_WRONG', told, [commands.register])];
}
