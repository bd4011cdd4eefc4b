import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files at a partition's location, as Athena sees them: at every depth, without those whose name starts
 * with `_` or `.`. https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
 *
 * @param s3Directory Where the local S3 keeps its buckets; objects lie there at their own keys.
 * @param location e.g. `s3://bucket/statsig/…/2026-11-20/`; another scheme, or a missing folder, has no files.
 */
export function partitionFiles(s3Directory: string, location: string): string[] {
  const [, bucket, folder] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (bucket === undefined || folder === undefined || folder.split('/').includes('..')) return [];
  return filesUnder(join(s3Directory, bucket, folder)).sort();
}

function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !/^[_.]/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
