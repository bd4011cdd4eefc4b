import type { Config } from '../schema/config.ts';
import { exportFolder } from '../tables/exportKeys.ts';

/** What is wrong with `exports` that no field shows alone; a sentence each, with the field's name in front. */
export function exportProblems(config: Pick<Config, 'exports' | 'bucket' | 'tables' | 'sources'>): string[] {
  const { exports, bucket, tables, sources } = config;
  const problems: string[] = [];
  const ownerOf = new Map(
    sources.flatMap(({ owner, datasets }) => datasets.map(({ table }) => [table, owner] as const)),
  );
  const known = [tables.exposures, tables.events, ...ownerOf.keys()];
  const names = new Set<string>();
  // What comes from a source would come back as its drops.
  const folders = sources.flatMap((source, i) =>
    source.datasets.map((dataset, j) => ({
      bucket: source.bucket,
      folder: `${dataset.folder}/`,
      field: `sources.${i}.datasets.${j}`,
    })),
  );
  for (const [i, { name, table, target }] of exports.entries()) {
    const field = `exports.${i}`;
    if (table === tables.quarantine)
      problems.push(
        `${field}.table: came ${JSON.stringify(table)}, expected another table: rows of every customer are refused into that one.`,
      );
    else if (!known.includes(table))
      problems.push(`${field}.table: came ${JSON.stringify(table)}, expected one of ${known.join(', ')}.`);
    const owner = ownerOf.get(table) ?? target.owner;
    if (owner !== target.owner)
      problems.push(
        `${field}.table: came ${JSON.stringify(table)}, which a source of ${owner} fills, expected a table of ${target.owner}'s, the account that owns the bucket.`,
      );
    if (names.has(name)) problems.push(`${field}.name: came ${JSON.stringify(name)}, which another has.`);
    names.add(name);
    if (target.bucket === bucket)
      problems.push(`${field}.target.bucket: came our own bucket, expected a customer's.`);
    const folder = exportFolder({ name, target });
    // What one deletes as old would be the other's new.
    const other = folders.find(
      (one) =>
        one.bucket === target.bucket && (one.folder.startsWith(folder) || folder.startsWith(one.folder)),
    );
    if (other !== undefined)
      problems.push(`${field}.target.folder: came ${folder}, expected a folder apart from ${other.field}'s.`);
    folders.push({ bucket: target.bucket, folder, field });
  }
  return problems;
}
