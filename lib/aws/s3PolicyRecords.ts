import type { S3Client } from '@aws-sdk/client-s3';
import type { PolicyRecordStore } from '../access/applied/policyRecords.ts';
import { POLICY_RECORDS_KEY } from '../tables/ledgerKeys.ts';
import { readText, writeTextIf } from './s3Text.ts';

/** The records of applied policies in the deployment's bucket. Throws the errors of the client. */
export function s3PolicyRecords(client: S3Client, bucket: string): PolicyRecordStore {
  const object = { Bucket: bucket, Key: POLICY_RECORDS_KEY };
  return {
    async read() {
      const read = await readText(client, object);
      return read === null ? null : { text: read.text, etag: read.eTag };
    },
    write: async (text, expected) => (await writeTextIf(client, object, text, expected)) !== null,
  };
}
