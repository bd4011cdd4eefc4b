import { Readable } from 'node:stream';
import { AthenaClient } from '@aws-sdk/client-athena';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { runStatement } from '../../../lib/aws/athenaStatements.ts';
import { exportBucketFrom } from '../../../lib/aws/exportBucket.ts';
import { gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { landingBucket } from '../../../lib/aws/landingBucket.ts';
import { partialAnswers } from '../../../lib/aws/partialAnswers.ts';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { taskQueue } from '../../../lib/aws/taskQueue.ts';
import { anyVersion } from '../../../lib/base/ObjectStore.ts';
import { SEND_RETRIES } from '../../../lib/base/queue.ts';
import { readSqlRun } from '../../../observe/runSql.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { callsAnswering, callsBySource } from './sdkCalls.ts';

/** Options of a client to which AWS answers 200 with these bodies, one a call. What it was asked is in `asked`. */
function answered(...bodies: readonly (string | object)[]) {
  const left = [...bodies];
  const asked: string[] = [];
  const handle = async ({ body = '' }: { readonly body?: string | Uint8Array }) => {
    asked.push(typeof body === 'string' ? body : new TextDecoder().decode(body));
    const next = left.shift();
    if (next === undefined) throw new Error('No call was expected.');
    const text = typeof next === 'string' ? next : JSON.stringify(next);
    const headers = {
      'content-type': typeof next === 'string' ? 'application/xml' : 'application/x-amz-json-1.1',
    };
    return { response: { statusCode: 200, headers, body: Readable.from([Buffer.from(text)]) } };
  };
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const options = { region: 'us-east-1', credentials, maxAttempts: 1 };
  return {
    asked,
    options: {
      ...options,
      requestHandler: { handle, updateHttpClientConfig() {}, httpHandlerConfigs: () => ({}) },
    },
  };
}

const QUEUE = 'https://sqs.us-east-1.amazonaws.com/000000000000/tasks';
const clock = new ManualClock(0);
const timing = { clock, wait: async () => undefined, random: () => 0 };
const attempts = { ...timing, deadline: 1 };

describe('objects of which S3 deletes some', () => {
  const failed = (key: string, code: string) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`;
  const denied = `<DeleteResult>${failed('b', 'AccessDenied')}</DeleteResult>`;

  it('are named with why, but for those that are gone or others by now', async () => {
    const others = `${failed('c', 'PreconditionFailed')}${failed('d', 'NoSuchKey')}`;
    const { options } = answered('<DeleteResult/>', denied.replace('</Del', `${others}</Del`));
    const keys = Array.from({ length: 1_001 }, (_, i) => `a${i}`);
    expect(await s3ObjectStore(new S3Client(options), 'own').removeAll(anyVersion(keys))).toEqual({
      left: [{ key: 'b', why: 'AccessDenied' }],
      gone: ['c', 'd'],
    });
  });

  it('fail what asked for it', async () => {
    const client = () => new S3Client(answered(denied).options);
    await expect(landingBucket(client(), 'own').remove(['a', 'b'])).rejects.toMatchObject({
      code: 'SLUICE_LOAD_BUCKET_FAILED',
      message: expect.stringContaining('b: AccessDenied'),
    });
    const target = { bucket: 'theirs', owner: '111122223333' };
    await expect(exportBucketFrom(client(), target, attempts).remove(['a', 'b'])).rejects.toMatchObject({
      code: 'SLUICE_EXPORT_DELETE_DENIED',
      message: expect.stringContaining('b: AccessDenied, as 1 of 2'),
    });
  });

  it('that S3 copies or joins fail with the error of a body behind 200', async () => {
    const failed = '<Error><Code>InternalError</Code><Message>later</Message></Error>';
    const { options } = answered(failed);
    await expect(landingBucket(new S3Client(options), 'own').copy('a', 'b')).rejects.toMatchObject({
      code: 'SLUICE_LOAD_BUCKET_FAILED',
    });
  });
});

describe('messages of which SQS takes some', () => {
  const bodies = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const taken = (...ids: readonly number[]) => ({ Successful: ids.map((id) => ({ Id: String(id) })) });
  const sentIn = (asked: string | undefined) =>
    JSON.parse(asked ?? '').Entries.map(({ MessageBody }: { MessageBody: string }) => MessageBody);

  it('are sent again until all are taken', async () => {
    const Failed = [{ Id: '3', Code: 'InternalError', SenderFault: false }];
    const { options, asked } = answered(
      { ...taken(0, 1, 2, 4, 5, 6, 7, 8, 9), Failed },
      // An answer that says nothing of a message has not taken it.
      {},
      taken(0),
      taken(0, 1),
    );
    await taskQueue(new SQSClient({ ...options, md5: false }), QUEUE, timing).send(bodies);
    expect(asked.map(sentIn)).toEqual([bodies.slice(0, 10), ['m3'], ['m3'], bodies.slice(10)]);
  });

  it('fail by number', async () => {
    const Failed = [{ Id: '0', Code: 'InternalError', SenderFault: false }];
    const { options, asked } = answered(...Array(SEND_RETRIES.tries).fill({ Failed, ...taken(1) }));
    await expect(
      taskQueue(new SQSClient({ ...options, md5: false }), QUEUE, timing).send(['a', 'b']),
    ).rejects.toMatchObject({
      code: 'SLUICE_QUEUE_NOT_SENT',
      detail: '1 message.',
    });
    expect(asked).toHaveLength(SEND_RETRIES.tries);
  });
});

describe('partitions of which Glue makes, or changes, some', () => {
  const ErrorDetail = { ErrorCode: 'InvalidInputException', ErrorMessage: 'no' };
  const partitions = ['2026-11-19', '2026-11-20'].map((day) => ({ values: [day], storage: {} }));
  const failed = [{ values: ['2026-11-20'], code: 'InvalidInputException', message: 'no' }];

  it('are named with the code of each', async () => {
    const { options } = answered(
      { Errors: [{ PartitionValues: ['2026-11-20'], ErrorDetail }] },
      { Errors: [{ PartitionValueList: ['2026-11-20'], ErrorDetail }] },
      { Errors: [{ PartitionValues: ['2026-11-20'] }] },
    );
    const catalog = gluePartitionCatalog(new GlueClient(options));
    expect(await catalog.batchCreate('d', 't', partitions)).toEqual(failed);
    expect(await catalog.batchUpdate('d', 't', partitions)).toEqual(failed);
    expect(await catalog.batchCreate('d', 't', partitions)).toMatchObject([{ code: 'Unknown' }]);
  });
});

describe('a query that Athena took, and that failed,', () => {
  it.each([
    {
      what: 'its reason',
      Status: { State: 'FAILED', StateChangeReason: 'why' },
      state: 'failed',
      why: 'why',
    },
    {
      what: 'the message of its error',
      Status: { State: 'FAILED', AthenaError: { ErrorMessage: 'message' } },
      state: 'failed',
      why: 'message',
    },
    { what: 'that it was cancelled', Status: { State: 'CANCELLED' }, state: 'cancelled', why: 'cancelled' },
  ])('says so, with $what', async ({ Status, state, why }) => {
    const answer = { QueryExecution: { Status } };
    const client = () => new AthenaClient(answered(answer).options);
    expect(await readSqlRun({ athena: client() }, 'id')).toMatchObject({ state, problem: why });
    const { options } = answered({ QueryExecutionId: 'id' }, answer);
    expect(
      await runStatement(new AthenaClient(options), 'SELECT 1', {
        ...timing,
        workGroup: 'w',
        deadlineMs: 1_000,
      }),
    ).toEqual({ failed: why, isStopped: false });
  });
});

it('every call whose answer names what has failed in it is in the table', () => {
  const failing = callsAnswering(
    callsBySource().keys(),
    /^ {4}(?:\w*Errors|Failed\w*|\w*Failures|Unprocessed\w*|Unsuccessful\w*)\??:/m,
  );
  expect([...failing].sort()).toEqual([
    'BatchCreatePartition',
    'BatchUpdatePartition',
    'DeleteObjects',
    'SendMessageBatch',
  ]);
  expect([...failing].filter((name) => !Object.hasOwn(partialAnswers, name))).toEqual([]);
});
