import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { CatalogError } from '../catalog/CatalogError.ts';
import type { DayFolders } from '../catalog/DayFolders.ts';
import { catalogCallError } from './catalogCallError.ts';

/** Pages of at most 1,000 folders: beyond any number of days. */
const MOST_PAGES = 100;

/** The folders of a bucket of S3. */
export function s3DayFolders(client: S3Client): DayFolders {
  return {
    async list(bucket, prefix) {
      const names: string[] = [];
      let token: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer = await listPage(client, bucket, prefix, token);
        for (const { Prefix = '' } of answer.CommonPrefixes ?? []) {
          names.push(Prefix.slice(prefix.length, -1));
        }
        token = answer.NextContinuationToken;
        if (token === undefined) return names;
      }
      throw new CatalogError('SLUICE_CATALOG_LISTING_TOO_LONG', `s3://${bucket}/${prefix}: folders.`);
    },
  };
}

async function listPage(client: S3Client, bucket: string, prefix: string, token: string | undefined) {
  try {
    return await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        Delimiter: '/',
        ContinuationToken: token,
      }),
    );
  } catch (error) {
    throw catalogCallError(error);
  }
}
