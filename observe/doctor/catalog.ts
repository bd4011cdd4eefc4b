import { GetDatabaseCommand } from '@aws-sdk/client-glue';
import { catalog } from '../../infra/data/catalog.ts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { valueAt } from '../../lib/base/json.ts';
import { qualifiedName, quoteText } from '../../lib/base/sql.ts';
import { counted, listed } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, isUtcDay, type UtcDay, utcDay } from '../../lib/base/time.ts';
import type { CatalogPartition } from '../../lib/landing/catalog/PartitionCatalog.ts';
import { findStalePartitions } from '../../lib/landing/catalog/registerPartitions.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { namesClause } from '../../lib/views/assignments.ts';
import { HASHED_PATTERN } from '../../lib/wire/experimentNames.ts';
import { askAthena } from '../deployment.ts';
import { ifThere } from '../explainAwsError.ts';
import { ALWAYS, dayFolders, unregisteredDays } from '../facts/tables/partitionGaps.ts';
import { readTime } from '../facts/tables/tracedRows.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { misplacedPartitions } from '../findings/judge/days/partitions.ts';
import { findUnlistedHoldouts } from './holdouts.ts';
import { type Look, missing, type Question, settled } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The database of the tables: nothing of the catalog can be read without it. */
export const databaseLook: Look = {
  name: 'database',
  expects: 'the Glue database exists',
  isGround: true,
  find: (setup) => findDatabase(setup, 'database'),
};

/** The database in which Statsig makes tables of its own. Nothing of ours reads it. */
export const stagingDatabaseLook: Look = {
  name: 'staging-database',
  expects: 'the Glue database exists in which Statsig makes its tables',
  find: (setup) => findDatabase(setup, 'stagingDatabase'),
};

/** Which of the stack's databases. */
type DatabaseName = 'database' | 'stagingDatabase';

/** Looks whether a database is in the catalog. */
async function findDatabase(
  { glue, config, stack, resources, commands }: Setup,
  which: DatabaseName,
): Promise<readonly Finding[]> {
  const Name = which === 'database' ? config.database : config.athena.stagingDatabase;
  if ((await ifThere(glue.send(new GetDatabaseCommand({ Name })))) !== undefined) return [];
  const id = logicalIds[which];
  const { Properties } = catalog({ config, ...stack })[id] ?? {};
  const input = JSON.stringify(valueAt(Properties, ['DatabaseInput']));
  const make = commands.aws('glue', 'create-database', '--database-input', input);
  return [judgeDatabase(which, config, resources.has(id), make)];
}

/**
 * Judges a database that does not exist.
 *
 * @param isDeployed Whether the stack has it.
 * @param make The command that makes it.
 */
export function judgeDatabase(
  which: DatabaseName,
  { database, athena, existing }: Pick<Config, 'athena' | 'database' | 'existing'>,
  isDeployed: boolean,
  make: string,
): Finding {
  const name = which === 'database' ? database : athena.stagingDatabase;
  const caseOfStack = isDeployed ? which : 'new';
  // A deployment creates one that the stack does not have.
  const shown = isDeployed ? [make] : [];
  return missing(`The database ${name}`, existing[which] ? 'own' : caseOfStack, shown);
}

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

/** Names that SDKs do not send: which gates are holdouts, and which experiments browsers send hashed. */
export const namesLook: Look = {
  name: 'names',
  expects:
    'holdouts, and experiments that browsers sent hashed within a week, are known by name, from the configuration or from pulled specs',
  find: (setup) =>
    settled([
      ['the names of holdouts', findHoldouts(setup)],
      ['gates that are as holdouts', findUnlistedHoldouts(setup)],
      ['the names of experiments', findHashes(setup)],
    ]),
};

/** Looks whether groups were pulled that holdouts could be read from, while none are configured. */
async function findHoldouts({ s3, config, commands }: Setup): Promise<readonly Finding[]> {
  if (config.holdouts !== null) return [];
  const groups = groupsKey(config);
  const { items } = await s3ObjectStore(s3, config.bucket).listPage(groups, { limit: 1 });
  const isPulled = items.some(({ key, size }) => key === groups && size !== 0);
  return isPulled ? [] : [judgeHoldouts(`s3://${config.bucket}/${groups}`, commands)];
}

/** Judges holdouts that are not known. @param pulled The object that does not exist. */
export function judgeHoldouts(pulled: string, commands: Pick<Setup['commands'], 'sluice'>): Finding {
  const told = {
    case: 'holdouts',
    ...seenNow(
      'No holdout is known: none is configured, and none was pulled',
      `\`holdouts\` is not in the configuration, and there is no ${pulled}.`,
    ),
  } as const;
  return finding('SLUICE_FINDING_NAMES_UNKNOWN', told, [commands.sluice('groups', 'pull')]);
}

/** Hashes that are named, the most frequent first. */
const MOST_HASHES = 10;
/** Days that are read, today among them. */
const DAYS = 8;

/** Looks for experiments of the last days that are known by their hash alone. */
async function findHashes(setup: Setup): Promise<readonly Finding[]> {
  const { config, now, commands } = setup;
  // Earlier days are not read.
  const from = addDays(utcDay(now), 1 - DAYS);
  const { rows } = await askAthena(
    setup,
    `${namesClause(config)}SELECT "experiment_id", max("layer_id") AS "layer_id", count(*) AS "row_count",
  CAST(min("received_at") AS varchar) AS "first_at"
FROM ${qualifiedName(config, config.tables.exposures)}
LEFT JOIN "real_names" ON "hash" = "experiment_id"
WHERE "ds" BETWEEN DATE '${from}' AND DATE '${addDays(utcDay(now), 1)}'
  AND "exposure_type" = 'layer' AND "allocated_experiment" IS NOT NULL
  AND regexp_like("experiment_id", ${quoteText(HASHED_PATTERN)}) AND "real_name" IS NULL
GROUP BY "experiment_id"
ORDER BY count(*) DESC, "experiment_id"
LIMIT ${MOST_HASHES}`,
  );
  return rows.map(({ experiment_id: sent, layer_id: layer, row_count: count, first_at: firstAt }) =>
    judgeHash({ hash: `${sent}`, layer: `${layer}`, rows: Number(count), firstAt: `${firstAt}` }, commands),
  );
}

/**
 * Judges an experiment that is known by its hash alone, since the first of its rows.
 *
 * @param hashed `firstAt`: when that row was received, as Athena writes it.
 */
export function judgeHash(
  {
    hash,
    layer,
    rows,
    firstAt,
  }: { readonly hash: string; readonly layer: string; readonly rows: number; readonly firstAt: string },
  commands: Pick<Setup['commands'], 'sluice'>,
): Finding {
  const told = {
    case: 'experiments',
    title: `The experiment ${hash} of the layer ${layer} is known by its hash alone, in ${counted(rows, 'row')}`,
    since: isoTimestamp(readTime(firstAt)),
    detail: `${hash} of the layer ${layer}: ${counted(rows, 'row')}.`,
  } as const;
  return finding('SLUICE_FINDING_NAMES_UNKNOWN', told, [commands.sluice('groups', 'pull')]);
}
