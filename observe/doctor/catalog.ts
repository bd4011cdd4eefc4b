import { GetDatabaseCommand } from '@aws-sdk/client-glue';
import { catalog } from '../../infra/data/catalog.ts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { valueAt } from '../../lib/base/json.ts';
import { quoteText } from '../../lib/base/sql.ts';
import { counted, listed } from '../../lib/base/text.ts';
import { addDays, isUtcDay, utcDay } from '../../lib/base/time.ts';
import type { CatalogPartition } from '../../lib/landing/catalog/PartitionCatalog.ts';
import { findStalePartitions } from '../../lib/landing/catalog/registerPartitions.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { namesClause } from '../../lib/views/assignments.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { HASHED_PATTERN } from '../../lib/wire/experimentNames.ts';
import { askAthena } from '../deployment.ts';
import { ifThere } from '../explainAwsError.ts';
import { dayFolders, unregisteredDays } from '../facts/tables/partitionGaps.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { type Look, settled } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The database of the tables: nothing of the catalog can be read without it. */
export const database: Look = {
  name: 'database',
  expects: 'the Glue database exists',
  isGround: true,
  async find(setup) {
    const { glue, config, stack, resources } = setup;
    const found = await ifThere(glue.send(new GetDatabaseCommand({ Name: config.database })));
    if (found !== undefined) return [];
    const id = logicalIds.database;
    const { Properties } = catalog({ config, ...stack })[id] ?? {};
    const input = JSON.stringify(valueAt(Properties, ['DatabaseInput']));
    // A deployment creates one that the stack does not have.
    const commands = resources.has(id)
      ? [setup.commands.aws('glue', 'create-database', '--database-input', input)]
      : [];
    const told = {
      case: config.existing.database ? 'own' : commands.length > 0 ? 'table' : 'new',
      ...seenNow(`The database ${config.database} does not exist`, `The database ${config.database}.`),
    } as const;
    return [finding('SLUICE_FINDING_RESOURCE_MISSING', told, commands)];
  },
};

/** The partitions against the folders of days: no query reads a day in S3 without a partition. */
export const partitions: Look = {
  name: 'all-partitions',
  expects:
    'each day with files has a partition, and each partition has the folder of its day and the columns of its table',
  find: (setup) => settled(tableKinds.map((kind) => findPartitions(setup, kind))),
};

/** A range of days that has every day of an event. */
const ALWAYS = { from: '0000-01-01', to: '9999-12-31' };

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
  const wrong = [
    {
      case: 'folder',
      what: 'no partition of its folder',
      days: await unregisteredDays(setup, kind, folders),
    },
    { case: 'columns', what: 'an earlier set of columns', days: stale.filter(isUtcDay) },
  ] as const;
  const register = commands.send('register', '{"sluice":"daily"}');
  return wrong.flatMap(({ case: cause, what, days }) => {
    const title = `${counted(days.length, 'day')} of ${name} ${days.length === 1 ? 'has' : 'have'} ${what}`;
    const told = { case: cause, ...seenNow(title, `${name}: ${what}: ${listed(days)}.`) };
    return days.length === 0 ? [] : [finding('SLUICE_FINDING_PARTITION_WRONG', told, [register])];
  });
}

/** Names that SDKs do not send: which gates are holdouts, and which experiments browsers send hashed. */
export const names: Look = {
  name: 'names',
  expects:
    'holdouts, and experiments that browsers sent hashed within a week, are known by name, from the configuration or from pulled specs',
  find: (setup) => settled([findHoldouts(setup), findHashes(setup)]),
};

async function findHoldouts({ s3, config }: Setup): Promise<readonly Finding[]> {
  if (config.holdouts !== null) return [];
  const groups = groupsKey(config);
  const { items } = await s3ObjectStore(s3, config.bucket).listPage(groups, { limit: 1 });
  const detail = `\`holdouts\` is not in the configuration, and there is no s3://${config.bucket}/${groups}.`;
  return items.some(({ key, size }) => key === groups && size !== 0)
    ? []
    : [
        finding(
          'SLUICE_FINDING_NAMES_UNKNOWN',
          seenNow('No holdout is known: none is configured, and none was pulled', detail),
        ),
      ];
}

/** Hashes that are named, the most frequent first. */
const MOST_HASHES = 10;
/** Days that are read, today among them. */
const DAYS = 8;

async function findHashes(setup: Setup): Promise<readonly Finding[]> {
  const { config, now } = setup;
  const { rows } = await askAthena(
    setup,
    `${namesClause(config)}SELECT "experiment_id", max("layer_id") AS "layer_id", count(*) AS "row_count"
FROM ${qualifiedName(config, config.tables.exposures)}
LEFT JOIN "real_names" ON "hash" = "experiment_id"
WHERE "ds" BETWEEN DATE '${addDays(utcDay(now), 1 - DAYS)}' AND DATE '${addDays(utcDay(now), 1)}'
  AND "exposure_type" = 'layer' AND "allocated_experiment" IS NOT NULL
  AND regexp_like("experiment_id", ${quoteText(HASHED_PATTERN)}) AND "real_name" IS NULL
GROUP BY "experiment_id"
ORDER BY count(*) DESC, "experiment_id"
LIMIT ${MOST_HASHES}`,
  );
  return rows.map(({ experiment_id: sent, layer_id: layer, row_count: count }) => {
    const rows = count === '1' ? '1 row' : `${count} rows`;
    const told = {
      title: `The experiment ${sent} of the layer ${layer} is known by its hash alone, in ${rows}`,
      // Earlier days are not read.
      since: addDays(utcDay(now), 1 - DAYS),
      detail: `${sent} of the layer ${layer}: ${rows}.`,
    };
    return finding('SLUICE_FINDING_NAMES_UNKNOWN', told);
  });
}
