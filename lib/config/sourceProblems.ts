import type { Config } from '../schema/config.ts';
import { RESERVED_COLUMNS } from '../tables/deliveredTables.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { RESERVED_INGESTED_COLUMNS } from '../tables/ingestedTables.ts';
import { EXPORTS_LEDGER } from '../tables/ledgerKeys.ts';
import { viewNames } from '../views/views.ts';

/** Folders of the ledger that are no source's: claims of redrive, and the ledger of exports. */
const TAKEN_SOURCES: ReadonlySet<string> = new Set([EXPORTS_LEDGER, 'redrive']);

/** What is wrong with `sources` that no field shows alone; a sentence each, with the field's name in front. */
export function sourceProblems(config: Pick<Config, 'sources' | 'bucket' | 'tables' | 'unitIds'>): string[] {
  const problems: string[] = [];
  const names = new Map<string, string>();
  const tables = new Map<string, string>([
    ...Object.entries(config.tables).map(([kind, name]): [string, string] => [name, `tables.${kind}`]),
    ...viewNames.map((name): [string, string] => [name, 'a view']),
    [GROUPS_TABLE, 'the table of experiment groups'],
  ]);
  const claim = (taken: Map<string, string>, name: string, field: string, what: string) => {
    const other = taken.get(name);
    if (other === undefined) taken.set(name, field);
    else problems.push(`${field}: came ${JSON.stringify(name)}, expected another ${what} than ${other}.`);
  };
  for (const [i, source] of config.sources.entries()) {
    const field = `sources.${i}`;
    claim(names, source.name, `${field}.name`, 'name');
    if (TAKEN_SOURCES.has(source.name)) {
      problems.push(`${field}.name: came "${source.name}", expected another name: the ledger has that one.`);
    }
    if (source.bucket === config.bucket) {
      problems.push(`${field}.bucket: came "${source.bucket}", expected another bucket than \`bucket\`.`);
    }
    const datasets = new Map<string, string>();
    for (const [j, dataset] of source.datasets.entries()) {
      claim(datasets, dataset.name, `${field}.datasets.${j}.name`, 'name');
      claim(tables, dataset.table, `${field}.datasets.${j}.table`, 'table');
    }
  }
  problems.push(...sharedFolders(config.sources));
  if (config.sources.some(({ datasets }) => datasets.some(({ kind }) => kind === 'events'))) {
    for (const [unitId, column] of Object.entries(config.unitIds)) {
      // Those that the forwarded tables have, too, are told of with them.
      if (RESERVED_INGESTED_COLUMNS.has(column) && !RESERVED_COLUMNS.has(column)) {
        problems.push(
          `unitIds.${unitId}: came "${column}", expected a column that ingested events don't have already.`,
        );
      }
    }
  }
  return problems;
}

/** Two sources are two customers: what one drops may never be loaded as the other's. */
function sharedFolders(sources: Config['sources']): string[] {
  const folders = sources.flatMap(({ name, bucket, datasets }, i) =>
    datasets.map(({ folder }, j) => ({
      source: name,
      bucket,
      folder: `${folder}/`,
      field: `sources.${i}.datasets.${j}`,
    })),
  );
  return folders.flatMap(({ source, bucket, folder, field }, i) => {
    const other = folders
      .slice(0, i)
      .find(
        (one) =>
          one.bucket === bucket &&
          one.source !== source &&
          (one.folder.startsWith(folder) || folder.startsWith(one.folder)),
      );
    return other === undefined
      ? []
      : [
          `${field}.folder: came ${JSON.stringify(folder.slice(0, -1))}, expected a folder apart from ${other.field}'s, which is another source's in the same bucket.`,
        ];
  });
}
