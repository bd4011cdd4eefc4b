import type { S3Operation } from './S3Operation.ts';

/** Forgets an upload and its parts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortMultipartUpload: S3Operation = {
  name: 'AbortMultipartUpload',
  on: 'object',
  method: 'DELETE',
  selectedBy: ['uploadId'],
  run({ store, bucket, key, query }) {
    store.bucket(bucket).uploads.end(query.get('uploadId') ?? '', key);
    return { status: 204 };
  },
};
