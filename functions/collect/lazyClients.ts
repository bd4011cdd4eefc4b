import type { ReadGroups } from '../../lib/groups/GroupsCache.ts';
import type { PutOverflow } from '../../lib/landing/delivery/deliver.ts';
import type { PutQuarantineLarge } from '../../lib/landing/quarantineWriter.ts';
import type { CopyKeeperOptions } from '../../lib/relay/CopyKeeper.ts';
import type { ReadSecret } from '../../lib/wire/keys/KeyCache.ts';

// Clients that a request seldom needs. Each is loaded at its first call, while the request is being handled: together they
// are as much code as everything else, and would slow every cold start down.

/** Overflow in a bucket of S3. */
export function overflowBucket(bucket: string): PutOverflow {
  return async (object, timeoutMs) => {
    const [{ s3Client }, { s3Overflow }] = await Promise.all([
      import('../../lib/aws/s3Client.ts'),
      import('../../lib/aws/s3Overflow.ts'),
    ]);
    await s3Overflow(s3Client(), bucket)(object, timeoutMs);
  };
}

/** What is too large for quarantine's rows, in a bucket of S3. */
export function quarantineLargeBucket(bucket: string): PutQuarantineLarge {
  return async (large, timeoutMs) => {
    const [{ s3Client }, { s3QuarantineLarge }] = await Promise.all([
      import('../../lib/aws/s3Client.ts'),
      import('../../lib/aws/s3Overflow.ts'),
    ]);
    await s3QuarantineLarge(s3Client(), bucket)(large, timeoutMs);
  };
}

/** Copies of requests in the queue of relay. Its client is loaded when the first request comes, while its body is read. */
export function relaySender(queueUrl: string): CopyKeeperOptions['send'] {
  const loaded = import('../../lib/aws/relayQueue.ts').then(({ sqsSend, sqsSingleTryClient }) =>
    sqsSend(sqsSingleTryClient(), queueUrl),
  );
  return async (text, timeoutMs) => (await loaded)(text, timeoutMs);
}

/** Copies of requests in a bucket of S3. */
export function relayBucket(bucket: string): CopyKeeperOptions['put'] {
  return async (key, text, timeoutMs) => {
    const [{ s3Client }, { s3PutCopy }] = await Promise.all([
      import('../../lib/aws/s3Client.ts'),
      import('../../lib/aws/s3Overflow.ts'),
    ]);
    await s3PutCopy(s3Client(), bucket)(key, text, timeoutMs);
  };
}

/** Reads the table of experiment groups in a bucket of S3. */
export function groupsReader(bucket: string, key: string): ReadGroups {
  return async (known, timeoutMs) => {
    const [{ s3SingleTryClient }, { readS3Groups }] = await Promise.all([
      import('../../lib/aws/s3Client.ts'),
      import('../../lib/aws/s3Groups.ts'),
    ]);
    return readS3Groups(s3SingleTryClient(), bucket, key)(known, timeoutMs);
  };
}

/** Reads the current text of a secret. */
export function secretReader(secretId: string): ReadSecret {
  return async (timeoutMs) => {
    const { secretsManagerClient, secretText } = await import('../../lib/aws/secrets.ts');
    return secretText(secretsManagerClient, secretId)(timeoutMs);
  };
}
