import { overlap } from '../../base/s3Location.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { RESERVED_COLUMNS } from '../../tables/deliveredTables.ts';
import { GROUPS_TABLE } from '../../tables/groupsTable.ts';
import { RESERVED_INGESTED_COLUMNS, TAKEN_COLUMNS } from '../../tables/ingestedTables.ts';
import { CURATED_LEDGER, EXPORTS_LEDGER } from '../../tables/ledgerKeys.ts';
import { receivedHoursTable } from '../../tables/receivedHoursTable.ts';
import { viewNames } from '../../views/viewNames.ts';
import { datasetFolders, receiptFolders } from './customerFolders.ts';
import { TakenNames } from './TakenNames.ts';

/** Names that no source may have, because the ledger has folders of these names for exports and for curated days. */
const TAKEN_SOURCES: ReadonlySet<string> = new Set([EXPORTS_LEDGER, CURATED_LEDGER]);

/** What is wrong with `sources`, and with `unitIds` beside them, that no field shows alone. */
export function sourceProblems(
  config: Pick<Config, 'sources' | 'bucket' | 'tables' | 'curatedTables' | 'unitIds'>,
): ConfigProblem[] {
  const { sources } = config;
  const problems: ConfigProblem[] = [];
  const names = new TakenNames(problems, 'name');
  const tables = new TakenNames(problems, 'table', takenTables(config));
  for (const [i, source] of sources.entries()) {
    const field = `sources.${i}`;
    names.claim(source.name, `${field}.name`);
    problems.push(...ownProblems(source, field, config.bucket));
    const datasets = new TakenNames(problems, 'name');
    for (const [j, dataset] of source.datasets.entries()) {
      datasets.claim(dataset.name, `${field}.datasets.${j}.name`);
      tables.claim(dataset.table, `${field}.datasets.${j}.table`);
      problems.push(...declaredColumnProblems(dataset, `${field}.datasets.${j}.mapping`));
    }
  }
  return [...problems, ...sharedFolders(sources), ...sharedReceipts(sources), ...unitColumnProblems(config)];
}

/** Names of tables and views that no dataset's table may have, each with what has it. */
function takenTables({
  tables,
  curatedTables,
}: Pick<Config, 'tables' | 'curatedTables'>): readonly (readonly [string, string])[] {
  return [
    ...Object.entries(tables).map(([kind, name]) => [name, `tables.${kind}`] as const),
    ...Object.entries(curatedTables).map(([kind, name]) => [name, `curatedTables.${kind}`] as const),
    ...viewNames.map((name) => [name, 'a view'] as const),
    [GROUPS_TABLE, 'the table of experiment groups'],
    [receivedHoursTable.name, 'the table of received hours'],
  ];
}

/** Problems of a source by itself. @param ownBucket The bucket of the deployment. */
function ownProblems({ name, bucket }: Source, field: string, ownBucket: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (TAKEN_SOURCES.has(name))
    problems.push(unexpected(`${field}.name`, name, 'another name: the ledger has that one'));
  if (bucket === ownBucket)
    problems.push(unexpected(`${field}.bucket`, bucket, 'another bucket than `bucket`'));
  return problems;
}

/** Declared columns with the name of a column that every row has. */
function declaredColumnProblems(dataset: Dataset, field: string): ConfigProblem[] {
  if (dataset.kind !== 'table') return [];
  return Object.keys(dataset.mapping.columns)
    .filter((name) => TAKEN_COLUMNS.has(name))
    .map((name) => ({
      field: `${field}.columns.${name}`,
      text: 'expected another name: every row has a column of this one.',
    }));
}

/**
 * Folders of datasets of two sources that overlap. Two sources are two customers: what one drops may never be loaded as the
 * other's. Datasets of one source may share a folder.
 */
function sharedFolders(sources: Config['sources']): ConfigProblem[] {
  const folders = datasetFolders(sources);
  return folders.flatMap((datasetFolder, i) => {
    const other = folders
      .slice(0, i)
      .find((earlier) => earlier.source !== datasetFolder.source && overlap(earlier, datasetFolder));
    return other === undefined
      ? []
      : [
          unexpected(
            datasetFolder.field,
            datasetFolder.folder.slice(0, -1),
            `a folder apart from ${other.field}, which is another source's in the same bucket`,
          ),
        ];
  });
}

/**
 * Folders of receipts that overlap one of a dataset or of another receipt. A receipt in a dataset's folder could be
 * taken for a drop, and one in another source's folder would reveal data about another customer.
 */
function sharedReceipts(sources: Config['sources']): ConfigProblem[] {
  const drops = datasetFolders(sources);
  const receipts = receiptFolders(sources);
  return receipts.flatMap((receipt, i) => {
    const other = [...drops, ...receipts.slice(0, i)].find((taken) => overlap(taken, receipt));
    return other === undefined
      ? []
      : [
          unexpected(
            receipt.field,
            receipt.folder.slice(0, -1),
            `a folder apart from ${other.field} in the same bucket`,
          ),
        ];
  });
}

/** Columns of unit IDs that ingested events have already. Columns that forwarded tables have too are reported with those. */
function unitColumnProblems({ sources, unitIds }: Pick<Config, 'sources' | 'unitIds'>): ConfigProblem[] {
  if (!sources.some(({ datasets }) => datasets.some(({ kind }) => kind === 'events'))) return [];
  return Object.entries(unitIds).flatMap(([unitId, column]) =>
    RESERVED_INGESTED_COLUMNS.has(column) && !RESERVED_COLUMNS.has(column)
      ? [unexpected(`unitIds.${unitId}`, column, "a column that ingested events don't have already")]
      : [],
  );
}
