import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { qualifiedName, quoteText } from '../../lib/base/sql.ts';
import { counted } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { namesClause } from '../../lib/views/assignments.ts';
import { HASHED_PATTERN } from '../../lib/wire/experimentNames.ts';
import { askAthena } from '../deployment.ts';
import { readTime } from '../facts/tables/tracedRows.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { findUnlistedHoldouts } from './holdouts.ts';
import { type Look, settled } from './Look.ts';
import type { Setup } from './Setup.ts';

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
