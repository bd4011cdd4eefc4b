import { describe, expect, it } from '@jest/globals';
import { stsClient } from '../../../lib/aws/assumedRole.ts';
import { ANSWER_MS, clientLimits } from '../../../lib/aws/clientLimits.ts';
import { firehoseClient } from '../../../lib/aws/firehosePutRecord.ts';
import { glueClient } from '../../../lib/aws/gluePartitionCatalog.ts';
import { sqsSingleTryClient } from '../../../lib/aws/relayQueue.ts';
import { s3Client, s3SingleTryClient } from '../../../lib/aws/s3Client.ts';
import { secretsManagerClient } from '../../../lib/aws/secrets.ts';
import { sqsClient } from '../../../lib/aws/taskQueue.ts';

process.env['AWS_REGION'] ??= 'us-east-1';

describe('the clients of AWS', () => {
  it.each([
    // Whoever calls these retries, or does not wait for a retry.
    { what: 'Glue', client: glueClient, attempts: 1 },
    { what: 'S3, of the catalog', client: s3SingleTryClient, attempts: 1 },
    { what: 'SQS, of relay', client: sqsSingleTryClient, attempts: 1 },
    { what: 'Firehose', client: firehoseClient, attempts: 1 },
    { what: 'Secrets Manager', client: secretsManagerClient, attempts: 2 },
    { what: 'S3', client: s3Client, attempts: 3 },
    { what: 'SQS', client: sqsClient, attempts: 3 },
    { what: 'STS', client: stsClient, attempts: 3 },
  ])('make so many attempts, and are made once: $what, $attempts', async ({ client, attempts: tries }) => {
    expect(await client().config.maxAttempts()).toBe(tries);
    expect(client()).toBe(client());
  });
});

it('a client waits so long for a connection, and so long for an answer', () => {
  const throwOnRequestTimeout = true;
  expect([clientLimits({ answerMs: ANSWER_MS.long }), clientLimits({ answerMs: 1, connectMs: 3 })]).toEqual([
    { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout },
    { connectionTimeout: 3, requestTimeout: 1, throwOnRequestTimeout },
  ]);
});
