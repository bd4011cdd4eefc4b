import * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { parseJson } from '../base/json.ts';
import type { Clock, UtcDay } from '../base/time.ts';
import { versionFilesKey } from '../tables/ledgerKeys.ts';
import { type FolderLayout, ingestedTableFolders } from '../tables/tableFolders.ts';
import type { LandingBucket } from './LandingBucket.ts';
import { type Ledger, readKnown } from './Ledger.ts';
import type { LedgerEntry, LedgerSubject } from './LedgerEntry.ts';

const PARALLEL_READ = 8;

const versionFilesSchema = z.record(z.string(), z.number());
/**
 * What the last look saw of a dataset or a curated table, the object `ledger/<source>/<dataset>/files.json`: versions that queries read
 * and that lack files, `<day>/<version>`, and since when, epoch milliseconds.
 */
export type VersionFiles = Readonly<z.output<typeof versionFilesSchema>>;

/** Reads it. None, and one that can't be read, says nothing: the next look begins anew. */
export function parseVersionFiles(text: string | null | undefined): VersionFiles {
  return versionFilesSchema.safeParse(parseJson(text ?? '')).data ?? {};
}

/** The days of versions that lacked files. */
export function lackingDays(seen: VersionFiles): readonly UtcDay[] {
  return Object.keys(seen).map((path) => path.replace(/\/.*/, ''));
}

/** Since when the version that queries read of a day lacks files, epoch milliseconds; null if it has all. */
export function lackingSince(
  seen: VersionFiles,
  entry: Pick<LedgerEntry, 'day' | 'version'> | null,
): number | null {
  return seen[`${entry?.day}/${entry?.version}`] ?? null;
}

/** The ports of a look. */
export interface VersionLook {
  readonly landing: Pick<LandingBucket, 'list' | 'readText' | 'putText'>;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly config: FolderLayout;
  readonly clock: Clock;
}

/**
 * Looks whether the versions that queries read have the files that the ledger names, which a person or a rule of the bucket may
 * delete, and notes it: at days, and at those that lacked some before. One listing shows a thousand files.
 *
 * @returns The days that lack files.
 * @throws What the ledger and the bucket throw.
 */
export async function lookAtVersions(
  { landing, ledger, config, clock }: VersionLook,
  { source, dataset, table }: Omit<LedgerSubject, 'day'>,
  days: readonly UtcDay[],
): Promise<readonly UtcDay[]> {
  const key = versionFilesKey(source, dataset);
  const before = parseVersionFiles(await landing.readText(key));
  const all = [...new Set([...lackingDays(before), ...days])].sort();
  // Read before the listing: a version has its files before an entry names it, and keeps them for a day once another replaces it.
  const entries = await mapLimit(all, PARALLEL_READ, (day) => readKnown(ledger, { source, dataset, day }));
  const missing = new Map<string, string>();
  for (const entry of entries) {
    if (entry?.table !== table) continue;
    const version = `${entry.day}/${entry.version}`;
    for (const name of entry.filesWritten ?? []) missing.set(`${version}/${name}`, version);
  }
  for (const folder of ingestedTableFolders(config, table)) {
    let after: string | undefined = `${folder}${all[0]}`;
    while (missing.size > 0 && after !== undefined && after < `${folder}${all.at(-1)}0`) {
      const keys: readonly string[] = await landing.list(folder, after);
      for (const found of keys) missing.delete(found.slice(folder.length));
      after = keys.at(-1);
    }
  }
  const seen: Record<string, number> = {};
  for (const version of missing.values()) seen[version] = before[version] ?? clock.now();
  if (JSON.stringify(seen) !== JSON.stringify(before)) await landing.putText(key, JSON.stringify(seen));
  return lackingDays(seen);
}
