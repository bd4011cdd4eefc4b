import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { DayFolders } from '../landing/catalog/repairTable.ts';
import { catalogCallError } from './gluePartitionCatalog.ts';

/** The day folders of an S3 bucket. */
export function s3DayFolders(client: S3Client): DayFolders {
  return {
    async listPage(bucket, prefix, token) {
      try {
        const { CommonPrefixes = [], NextContinuationToken } = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            Delimiter: '/',
            ContinuationToken: token,
          }),
        );
        return {
          items: CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)),
          next: NextContinuationToken,
        };
      } catch (error) {
        throw catalogCallError(error);
      }
    },
  };
}
