import { type FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import {
  BatchCreatePartitionCommand,
  BatchUpdatePartitionCommand,
  GetPartitionsCommand,
  GetTableCommand,
  type GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { until } from './Store.ts';

/** The clients of one AWS, and what exists there: askAll.ts. */
export interface Asked {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly glue: GlueClient;
  readonly firehose: FirehoseClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
  /** Versioned; its objects' events come to the queue `events`. */
  readonly bucket: string;
  /** Has `dead` as dead-letter queue, after two receives; messages are hidden for 30 s. */
  readonly queue: string;
  readonly dead: {
    readonly url: string;
    readonly arn: string;
    /** ARN of {@link Asked.queue}. */
    readonly source: string;
  };
  /** Has the same dead-letter queue, and a function that answers the message `bad` as failed; empty without functions. */
  readonly partial: string;
  /** Gets the events of the bucket below `events/`. */
  readonly events: string;
  readonly database: string;
  readonly table: string;
  /** Delivers to the bucket below `stream/`. */
  readonly stream: string;
  readonly roleArn: string;
}

/** Who is asked beside AWS's own pages. */
export type Witness = 'LocalStack' | 'moto' | 'local-aws';

/** An answer of AWS that the product rests on. */
interface Question {
  /** The question, in words. */
  readonly asks: string;
  /** The page on which AWS says so. */
  readonly page: string;
  /** What AWS says. */
  readonly answer: string;
  /** Who is known to answer otherwise, or not at all. The page is right each time. */
  readonly otherwise?: Readonly<Partial<Record<Witness, string>>>;
  /** Puts it. @returns The answer, in the words of {@link Question.answer} if it is AWS's. */
  ask(aws: Asked): Promise<string>;
}

const S3 = 'https://docs.aws.amazon.com/AmazonS3/latest';
const SQS = 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest';
const GLUE = 'https://docs.aws.amazon.com/glue/latest/webapi';
const FIREHOSE = 'https://docs.aws.amazon.com/firehose/latest';
const WAIT_MS = 20_000;

export const questions: readonly Question[] = [
  {
    asks: 'PutObject with If-None-Match: * on a key that is taken',
    page: `${S3}/userguide/conditional-writes.html`,
    answer: '412 PreconditionFailed',
    async ask(aws) {
      await put(aws, 'none-match');
      return failure(put(aws, 'none-match', { IfNoneMatch: '*' }));
    },
  },
  {
    asks: 'PutObject with If-Match of another ETag',
    page: `${S3}/userguide/conditional-writes.html`,
    answer: '412 PreconditionFailed',
    async ask(aws) {
      await put(aws, 'match');
      return failure(put(aws, 'match', { IfMatch: OTHER_ETAG }));
    },
  },
  {
    asks: 'PutObject with If-Match on a key that is free',
    page: `${S3}/userguide/conditional-writes.html`,
    answer: '404 NoSuchKey',
    ask: (aws) => failure(put(aws, 'match-free', { IfMatch: OTHER_ETAG })),
  },
  {
    asks: 'DeleteObject with If-Match of another ETag',
    page: `${S3}/userguide/conditional-deletes.html`,
    answer: '412 PreconditionFailed',
    otherwise: { LocalStack: '501 NotImplemented', moto: 'it succeeds' },
    async ask(aws) {
      await put(aws, 'delete-match');
      const { s3, bucket: Bucket } = aws;
      return failure(s3.send(new DeleteObjectCommand({ Bucket, Key: 'delete-match', IfMatch: OTHER_ETAG })));
    },
  },
  {
    asks: 'GetObject with If-Match of another ETag',
    page: `${S3}/API/API_GetObject.html`,
    answer: '412 PreconditionFailed',
    async ask(aws) {
      await put(aws, 'get-match');
      const { s3, bucket: Bucket } = aws;
      return failure(s3.send(new GetObjectCommand({ Bucket, Key: 'get-match', IfMatch: OTHER_ETAG })));
    },
  },
  {
    asks: 'CopyObject with x-amz-copy-source-if-match of another ETag',
    page: `${S3}/API/API_CopyObject.html`,
    answer: '412 PreconditionFailed',
    otherwise: { moto: 'it succeeds' },
    async ask(aws) {
      await put(aws, 'copy-match');
      const { s3, bucket: Bucket } = aws;
      const from = { CopySource: `${Bucket}/copy-match`, CopySourceIfMatch: OTHER_ETAG };
      return failure(s3.send(new CopyObjectCommand({ Bucket, Key: 'copied', ...from })));
    },
  },
  {
    asks: 'DeleteObjects of a key that is not there',
    page: `${S3}/API/API_DeleteObjects.html`,
    answer: 'deleted absent',
    async ask({ s3, bucket: Bucket }) {
      const Delete = { Objects: [{ Key: 'absent' }] };
      const { Deleted = [], Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
      return Errors.length > 0 ? JSON.stringify(Errors) : `deleted ${Deleted.map(({ Key }) => Key).join()}`;
    },
  },
  {
    asks: 'DeleteObject without a version in a versioned bucket',
    page: `${S3}/userguide/DeletingObjectVersions.html`,
    answer: '1 version, 1 delete marker, 404 NoSuchKey, and the version is read',
    async ask(aws) {
      const { s3, bucket: Bucket } = aws;
      const { VersionId } = await put(aws, 'versions/one');
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'versions/one' }));
      const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'versions/' }));
      const gone = await failure(s3.send(new GetObjectCommand({ Bucket, Key: 'versions/one' })));
      const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'versions/one', VersionId }));
      const isRead = (await read.Body?.transformToString()) === 'versions/one';
      return `${listed.Versions?.length} version, ${listed.DeleteMarkers?.length} delete marker, ${gone}, and the version is ${isRead ? '' : 'not '}read`;
    },
  },
  {
    asks: 'ListObjectsV2 by pages',
    page: `${S3}/userguide/ListingKeysUsingAPIs.html`,
    answer: 'list/B list/a | list/a/b list/ä',
    async ask(aws) {
      const { s3, bucket: Bucket } = aws;
      for (const name of ['a', 'ä', 'B', 'a/b']) await put(aws, `list/${name}`);
      const page = { Bucket, Prefix: 'list/', MaxKeys: 2 };
      const first = await s3.send(new ListObjectsV2Command(page));
      const next = { ...page, ContinuationToken: first.NextContinuationToken };
      const second = await s3.send(new ListObjectsV2Command(next));
      return [first, second].map(({ Contents = [] }) => Contents.map(({ Key }) => Key).join(' ')).join(' | ');
    },
  },
  {
    asks: 'GetObject of a range beyond the end',
    page: `${S3}/API/API_GetObject.html`,
    answer: 'range is cut: bytes 2-4/5; beyond it: 416 InvalidRange',
    async ask(aws) {
      const { s3, bucket: Bucket } = aws;
      await put(aws, 'range');
      const cut = await s3.send(new GetObjectCommand({ Bucket, Key: 'range', Range: 'bytes=2-99' }));
      const beyond = await failure(
        s3.send(new GetObjectCommand({ Bucket, Key: 'range', Range: 'bytes=9-' })),
      );
      return `range is cut: ${cut.ContentRange}; beyond it: ${beyond}`;
    },
  },
  {
    asks: 'HeadBucket of a bucket that is not there',
    page: `${S3}/API/API_HeadBucket.html`,
    answer: '404',
    ask: ({ s3 }) =>
      failure(s3.send(new HeadBucketCommand({ Bucket: 'nobody-has-this-bucket' }))).then((text) =>
        text.slice(0, 3),
      ),
  },
  {
    asks: "S3's event by EventBridge in a queue",
    page: `${S3}/userguide/ev-events.html`,
    answer: 'aws.s3 | Object Created | events/2026-01-01/a_b-1.txt | 27 bytes | version, etag, PutObject',
    otherwise: { moto: 'none' },
    async ask(aws) {
      const { sqs, events: QueueUrl } = aws;
      const { VersionId, ETag } = await put(aws, 'events/2026-01-01/a_b-1.txt');
      const [message] = await receive(sqs, QueueUrl, 1);
      if (message === undefined) return 'none';
      const { source, 'detail-type': type, detail } = JSON.parse(message.Body ?? '{}');
      const named = [
        detail.object['version-id'] === VersionId ? 'version' : 'no version',
        `"${detail.object.etag}"` === ETag ? 'etag' : 'no etag',
        detail.reason,
      ];
      return `${source} | ${type} | ${detail.object.key} | ${detail.object.size} bytes | ${named.join(', ')}`;
    },
  },
  {
    asks: 'A message that was received, before and after its visibility timeout is ended',
    page: `${SQS}/SQSDeveloperGuide/sqs-visibility-timeout.html`,
    answer: 'hidden; then received 2 times',
    async ask({ sqs, queue: QueueUrl }) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'visibility' }));
      const [first] = await receive(sqs, QueueUrl, 1);
      const [hidden] = await receive(sqs, QueueUrl, 1, 0);
      const ReceiptHandle = first?.ReceiptHandle;
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
      const [again] = await receive(sqs, QueueUrl, 1);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
      return `${hidden === undefined ? 'hidden' : 'visible'}; then received ${again?.Attributes?.ApproximateReceiveCount} times`;
    },
  },
  {
    asks: 'A message that was received as often as maxReceiveCount says',
    page: `${SQS}/SQSDeveloperGuide/sqs-dead-letter-queues.html`,
    answer: 'the same message is in the dead-letter queue, and goes back by StartMessageMoveTask',
    otherwise: { moto: 'it fails: SyntaxError' },
    async ask({ sqs, queue, dead }) {
      const sent = await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'dead' }));
      for (let i = 0; i < 2; i += 1) {
        const [message] = await receive(sqs, queue, 1);
        const again = { QueueUrl: queue, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 };
        await sqs.send(new ChangeMessageVisibilityCommand(again));
      }
      await receive(sqs, queue, 1, 0);
      const [letter] = await receive(sqs, dead.url, 1);
      if (letter?.MessageId !== sent.MessageId) return 'it is not in the dead-letter queue';
      const visible = { QueueUrl: dead.url, ReceiptHandle: letter?.ReceiptHandle, VisibilityTimeout: 0 };
      await sqs.send(new ChangeMessageVisibilityCommand(visible));
      await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: dead.source }));
      const [back] = await receive(sqs, queue, 1);
      if (back?.Body !== 'dead') return 'the same message is in the dead-letter queue, and stays there';
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: back.ReceiptHandle }));
      return 'the same message is in the dead-letter queue, and goes back by StartMessageMoveTask';
    },
  },
  {
    asks: 'A batch of which the function answers one message as failed',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html',
    answer: 'dead letters: bad',
    otherwise: { moto: 'no function' },
    async ask({ sqs, partial: QueueUrl, dead }) {
      if (QueueUrl === '') return 'no function';
      const Entries = ['good', 'bad'].map((Id) => ({ Id, MessageBody: Id }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      // Both were hidden by the same receive, and would be here together.
      const letters = [...(await receive(sqs, dead.url, 10, 20)), ...(await receive(sqs, dead.url, 10))];
      for (const { ReceiptHandle } of letters)
        await sqs.send(new DeleteMessageCommand({ QueueUrl: dead.url, ReceiptHandle }));
      return `dead letters: ${letters.map(({ Body }) => Body).join()}`;
    },
  },
  {
    asks: 'SendMessageBatch with one message that is not allowed',
    page: `${SQS}/APIReference/API_SendMessageBatch.html`,
    answer: '200: good sent, bad InvalidParameterValue',
    otherwise: { LocalStack: '200: good sent, bad sent' },
    async ask({ sqs, queue: QueueUrl }) {
      const Entries = [
        { Id: 'good', MessageBody: 'batch' },
        { Id: 'bad', MessageBody: 'batch', DelaySeconds: 901 },
      ];
      const { Successful = [], Failed = [] } = await sqs.send(
        new SendMessageBatchCommand({ QueueUrl, Entries }),
      );
      const [message] = await receive(sqs, QueueUrl, 1);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
      const sent = Successful.map(({ Id }) => `${Id} sent`);
      const outcomes = [...sent, ...Failed.map(({ Id, Code }) => `${Id} ${Code}`)].join(', ');
      return `200: ${outcomes}`;
    },
  },
  {
    asks: 'BatchCreatePartition of a day that exists and of one that does not',
    page: `${GLUE}/API_BatchCreatePartition.html`,
    answer: '200: 2026-01-01 AlreadyExistsException; 2 partitions',
    async ask(aws) {
      await createPartitions(aws, ['2026-01-01']);
      const errors = await createPartitions(aws, ['2026-01-01', '2026-01-02']);
      return `200: ${errors}; ${(await partitions(aws, '2026-01-01', '2026-01-02')).length} partitions`;
    },
  },
  {
    asks: 'BatchUpdatePartition of a day that exists and of one that does not',
    page: `${GLUE}/API_BatchUpdatePartition.html`,
    answer: '200: 2026-02-02 EntityNotFoundException; the other is moved',
    async ask(aws) {
      const { glue, database: DatabaseName, table: TableName } = aws;
      await createPartitions(aws, ['2026-02-01']);
      const Entries = ['2026-02-01', '2026-02-02'].map((day) => ({
        PartitionValueList: [day],
        PartitionInput: { Values: [day], StorageDescriptor: { Location: 's3://moved/' } },
      }));
      const { Errors = [] } = await glue.send(
        new BatchUpdatePartitionCommand({ DatabaseName, TableName, Entries }),
      );
      const [moved] = await partitions(aws, '2026-02-01');
      const found = Errors.map(
        (partitionError) =>
          `${partitionError.PartitionValueList?.[0]} ${partitionError.ErrorDetail?.ErrorCode}`,
      );
      return `200: ${found.join(', ')}; the other is ${moved === 's3://moved/' ? '' : 'not '}moved`;
    },
  },
  {
    asks: 'GetPartitions with an Expression of days',
    page: `${GLUE}/API_GetPartitions.html`,
    answer: 's3://bucket/2026-03-01/ s3://bucket/2026-03-03/',
    async ask(aws) {
      await createPartitions(aws, ['2026-03-01', '2026-03-02', '2026-03-03']);
      return (await partitions(aws, '2026-03-01', '2026-03-03')).toSorted().join(' ');
    },
  },
  {
    asks: 'UpdateTable with the VersionId of an earlier state',
    page: `${GLUE}/API_UpdateTable.html`,
    answer: '400 ConcurrentModificationException',
    otherwise: { LocalStack: 'it succeeds', moto: 'it succeeds' },
    async ask({ glue, database: DatabaseName, table: Name }) {
      const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name }));
      const TableInput = { Name, PartitionKeys: [{ Name: 'ds', Type: 'string' }], Description: 'newer' };
      const change = { DatabaseName, TableInput, VersionId: Table?.VersionId, SkipArchive: true };
      await glue.send(new UpdateTableCommand(change));
      return failure(glue.send(new UpdateTableCommand(change)));
    },
  },
  {
    asks: 'GetTable of a table that is not there',
    page: `${GLUE}/API_GetTable.html`,
    answer: '400 EntityNotFoundException',
    ask: ({ glue, database }) =>
      failure(glue.send(new GetTableCommand({ DatabaseName: database, Name: 'absent' }))),
  },
  {
    asks: 'Two records of a stream with FileExtension',
    page: `${FIREHOSE}/dev/s3-object-name.html`,
    answer: 'stream/YYYY/MM/DD/HH/…end, and the records with nothing between them',
    otherwise: { moto: 'stream/YYYY/MM/DD/HH/…, and the records with nothing between them' },
    async ask(aws) {
      const { firehose, stream: DeliveryStreamName, s3, bucket: Bucket } = aws;
      for (const text of ['one,', 'two,'])
        await firehose.send(
          new PutRecordCommand({ DeliveryStreamName, Record: { Data: Buffer.from(text) } }),
        );
      const bodies = async () => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'stream/' }));
        return Promise.all(
          Contents.map(async ({ Key = '' }) => {
            const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
            return [Key, (await Body?.transformToString()) ?? ''] as const;
          }),
        );
      };
      const whole = (found: Awaited<ReturnType<typeof bodies>>) =>
        found
          .map(([, text]) => text)
          .sort()
          .join('');
      const found = await until(bodies, (all) => whole(all) === 'one,two,', WAIT_MS);
      const shapes = found.map(([key]) =>
        key.replace(
          /\d{4}\/\d\d\/\d\d\/\d\d\/[^/]*?(\.end)?$/,
          (_, end) => `YYYY/MM/DD/HH/…${end === undefined ? '' : 'end'}`,
        ),
      );
      const name = [...new Set(shapes)].join(' ');
      return `${name}, and the records ${whole(found) === 'one,two,' ? 'with nothing between them' : whole(found)}`;
    },
  },
  {
    asks: 'PutRecord to a stream that is not there',
    page: `${FIREHOSE}/APIReference/API_PutRecord.html`,
    answer: '400 ResourceNotFoundException',
    ask: ({ firehose }) =>
      failure(
        firehose.send(
          new PutRecordCommand({ DeliveryStreamName: 'absent', Record: { Data: Buffer.from('x') } }),
        ),
      ),
  },
  {
    asks: 'GetSecretValue of a secret that is not there',
    page: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html',
    answer: '400 ResourceNotFoundException',
    otherwise: { moto: '404 ResourceNotFoundException' },
    ask: ({ secrets }) => failure(secrets.send(new GetSecretValueCommand({ SecretId: 'absent' }))),
  },
  {
    asks: 'GetCallerIdentity with the keys of AssumeRole',
    page: 'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html',
    answer: 'assumed-role/asked/session',
    async ask({ sts, roleArn: RoleArn }) {
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session' }));
      const { endpoint, region } = sts.config;
      const session = new STSClient({
        region,
        ...(endpoint === undefined ? {} : { endpoint }),
        credentials: {
          accessKeyId: Credentials?.AccessKeyId ?? '',
          secretAccessKey: Credentials?.SecretAccessKey ?? '',
          sessionToken: Credentials?.SessionToken ?? '',
        },
      });
      const { Arn = '' } = await session.send(new GetCallerIdentityCommand({}));
      session.destroy();
      return Arn.split(':').at(-1) ?? '';
    },
  },
];

/** The ETag of no object here. */
const OTHER_ETAG = '"00000000000000000000000000000000"';

/** Puts an object whose body is its key. @param terms Conditions on what is there. */
function put(
  { s3, bucket: Bucket }: Asked,
  Key: string,
  terms: { IfMatch?: string; IfNoneMatch?: string } = {},
) {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body: Key, ...terms }));
}

/** The status and the code of a call that is to fail. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'it succeeds';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata: unknown = Reflect.get(error, '$metadata');
    const status =
      typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : '';
    return `${status} ${error.name}`;
  }
}

/** @param seconds How long to wait. Default: a little, as SQS may look at some of its servers only. */
async function receive(sqs: SQSClient, QueueUrl: string, most: number, seconds = 5) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: most,
      WaitTimeSeconds: seconds,
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return Messages;
}

/** Creates a partition for each day. @returns What Glue says against single ones. */
async function createPartitions({ glue, database, table }: Asked, days: readonly string[]): Promise<string> {
  const { Errors = [] } = await glue.send(
    new BatchCreatePartitionCommand({
      DatabaseName: database,
      TableName: table,
      PartitionInputList: days.map((day) => ({
        Values: [day],
        StorageDescriptor: { Location: `s3://bucket/${day}/` },
      })),
    }),
  );
  return Errors.map(
    (partitionError) => `${partitionError.PartitionValues?.[0]} ${partitionError.ErrorDetail?.ErrorCode}`,
  ).join(', ');
}

/** Locations of these days' partitions. */
async function partitions({ glue, database, table }: Asked, ...days: readonly string[]) {
  const list = days.map((day) => `'${day}'`).join(', ');
  const Expression = `ds IN (${list})`;
  const { Partitions = [] } = await glue.send(
    new GetPartitionsCommand({ DatabaseName: database, TableName: table, Expression }),
  );
  return Partitions.map(({ StorageDescriptor }) => StorageDescriptor?.Location ?? '');
}
