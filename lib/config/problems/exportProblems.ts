import { overlap } from '../../base/s3Location.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { exportFolder } from '../../tables/exportKeys.ts';
import { type CustomerFolder, datasetFolders, receiptFolders } from './customerFolders.ts';
import { TakenNames } from './TakenNames.ts';

/** What of the configuration is compared with its exports. */
type ExportConfig = Pick<Config, 'exports' | 'bucket' | 'tables' | 'curate' | 'curatedTables' | 'sources'>;

/** What is wrong with `exports` that no field shows alone. */
export function exportProblems(config: ExportConfig): ConfigProblem[] {
  const { exports, bucket, sources } = config;
  const problems: ConfigProblem[] = [];
  const names = new TakenNames(problems, 'name');
  // The folders that an export must not share. A source would load an export into its folder as its own drops, and an
  // export deletes old files in its folder.
  const folders: CustomerFolder[] = [...datasetFolders(sources), ...receiptFolders(sources)];
  for (const [i, { name, table, target }] of exports.entries()) {
    const field = `exports.${i}`;
    problems.push(...tableProblems(config, { field, table, owner: target.owner }));
    names.claim(name, `${field}.name`);
    if (target.bucket === bucket)
      problems.push(
        unexpected(`${field}.target.bucket`, bucket, 'a bucket of a customer, or `statsigBucket`'),
      );
    const folder = exportFolder({ name, target });
    // Of two exports into one folder, each would delete the new files of the other as old ones.
    const exported = { bucket: target.bucket, folder, field: `${field}.target.folder` };
    const other = folders.find((taken) => overlap(taken, exported));
    if (other !== undefined)
      problems.push(unexpected(exported.field, folder.slice(0, -1), `a folder apart from ${other.field}`));
    folders.push(exported);
  }
  return problems;
}

/**
 * Problems of the table of an export: it must be one of those that have days, and of the customer who gets it.
 *
 * @param owner The account that owns the target; absent for the deployment's own bucket for Statsig, which gets any table.
 */
function tableProblems(
  { tables, curate, curatedTables, sources }: ExportConfig,
  {
    field,
    table,
    owner,
  }: { readonly field: string; readonly table: string; readonly owner?: string | undefined },
): ConfigProblem[] {
  const owners = new Map(
    sources.flatMap((source) => source.datasets.map((dataset) => [dataset.table, source.owner] as const)),
  );
  const curated = curate ? [curatedTables.exposures, curatedTables.events] : [];
  const known = [tables.exposures, tables.events, ...curated, ...owners.keys()];
  const problems: ConfigProblem[] = [];
  if (table === tables.quarantine)
    problems.push(
      unexpected(`${field}.table`, table, 'another table: rows of every customer are refused into that one'),
    );
  else if (!known.includes(table))
    problems.push(unexpected(`${field}.table`, table, `one of ${known.join(', ')}`));
  const tableOwner = owners.get(table) ?? owner;
  if (owner !== undefined && tableOwner !== owner)
    problems.push({
      field: `${field}.table`,
      text: `got ${JSON.stringify(table)}, which a source of ${tableOwner} fills, expected a table of ${owner}'s, the account that owns the bucket.`,
    });
  return problems;
}
