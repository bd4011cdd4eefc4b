import { DeleteObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../../lib/schema/config.ts';
import { tableFolders } from '../../lib/tables/tableFolders.ts';
import { explainAwsError, ifThere } from '../../observe/explainAwsError.ts';
import type { FileRows } from './rows.ts';

/** The data that a probe has deleted, and the data that remains. */
export interface CleanUp {
  /** Files with rows of probes only. */
  readonly deletedFiles: number;
  readonly deletedRows: number;
  /** Rows of probes in files with other rows. They remain, because files are not rewritten. */
  readonly remainingFiles: number;
  readonly remainingRows: number;
  /** Whether views exclude them: redaction can remove their environment. */
  readonly hiddenFromViews: boolean;
  /** Results of the probe's queries. */
  readonly deletedResults: number;
  /** Failed deletions, with AWS's message. */
  readonly problems: readonly string[];
}

/** The data to delete. */
export interface Remains {
  readonly files: readonly FileRows[];
  /** `s3://` locations of results. */
  readonly results: readonly string[];
}

/**
 * Deletes files with rows of probes only, and results of the probe's queries, for good: the bucket's policy lets a person delete
 * only what is named with its version.
 */
export async function cleanUp(
  s3: S3Client,
  config: Config,
  { files, results }: Remains,
  hiddenFromViews: boolean,
): Promise<CleanUp> {
  const problems: string[] = [];
  const folders = tableFolders(config, 'events');
  const remove = async (bucket: string, key: string) => {
    try {
      const object = { Bucket: bucket, Key: key };
      const found = await ifThere(s3.send(new HeadObjectCommand(object)));
      if (found === undefined) return false;
      // Without versions every object has one with the ID `null`.
      const { VersionId = 'null' } = found;
      await s3.send(new DeleteObjectCommand({ ...object, VersionId }));
      return true;
    } catch (error) {
      const problem = explainAwsError(error);
      if (problem?.kind !== 'answered') throw error;
      if (!problems.includes(problem.detail)) problems.push(problem.detail);
      return false;
    }
  };

  let [deletedFiles, deletedRows, remainingFiles, remainingRows, deletedResults] = [0, 0, 0, 0, 0];
  for (const { file, rows, ours } of files) {
    const object = parseS3Address(file);
    const deletable = ours === rows && object?.bucket === config.bucket && isIn(object.key, folders);
    if (deletable && object !== undefined && (await remove(object.bucket, object.key))) {
      deletedFiles += 1;
      deletedRows += rows;
    } else {
      remainingFiles += 1;
      remainingRows += ours;
    }
  }
  for (const location of results) {
    const object = parseS3Address(location);
    if (object === undefined) continue;
    const deleted = await remove(object.bucket, object.key);
    if (deleted) deletedResults += 1;
    // Athena stores the column types beside the rows.
    if (deleted) await remove(object.bucket, `${object.key}.metadata`);
  }
  const remaining = { remainingFiles, remainingRows, hiddenFromViews };
  return { deletedFiles, deletedRows, ...remaining, deletedResults, problems };
}

function isIn(key: string, folders: readonly string[]): boolean {
  return folders.some((folder) => key.startsWith(folder));
}

/** The bucket and key of an `s3://` address; undefined if it is not the address of an object. */
function parseS3Address(address: string): { readonly bucket: string; readonly key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}
