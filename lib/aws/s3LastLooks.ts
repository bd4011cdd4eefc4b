import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { IngestError } from '../ingest/IngestError.ts';
import { type LastLooks, lastLookSchema } from '../ingest/plan/LastLook.ts';
import { lastLookKey } from '../layout/ingestStateKeys.ts';

/** Last looks in a bucket of S3. Whoever writes last is right: nothing is decided by them. */
export function s3LastLooks(client: S3Client, bucket: string): LastLooks {
  return {
    async read(source, dataset) {
      try {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: lastLookKey(source, dataset) }),
        );
        return lastLookSchema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
        throw error;
      }
    },
    async write(source, dataset, look) {
      const Key = lastLookKey(source, dataset);
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key,
            Body: JSON.stringify(look),
            ContentType: 'application/json',
          }),
        );
      } catch (error) {
        const name = error instanceof Error ? error.name : 'Error';
        throw new IngestError('SLUICE_INGEST_LEDGER_UNAVAILABLE', `${Key}: ${name}.`, { cause: error });
      }
    },
  };
}
