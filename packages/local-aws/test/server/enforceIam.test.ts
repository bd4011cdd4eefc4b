import {
  AthenaClient,
  GetQueryResultsCommand,
  ListTableMetadataCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { DeleteTableCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../src/testing/startS3.ts';
import { type Enforced, runQuery, startEnforced } from '../harness/startEnforced.ts';

const OWN = '000000000000';
const READER = `arn:aws:iam::${OWN}:user/reader`;
const QueueUrl = `http://127.0.0.1/${OWN}/work`;
const DeadUrl = `http://127.0.0.1/${OWN}/dead`;
/** The function's log, read through CloudWatch Logs. The file itself may be behind. */
async function workLog(stack: Enforced): Promise<string> {
  const logs = stack.kept(new CloudWatchLogsClient(await stack.as()));
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/work' }));
  return events.map(({ message }) => message).join('\n');
}

const denied = (
  who: string,
  action: string,
  resource: string,
  why = `because no identity-based policy allows the ${action} action`,
) => `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${why}`;

describe('a user of the template whose policies are enforced', () => {
  let stack: Enforced;
  beforeAll(async () => {
    stack = await startEnforced();
    const s3 = stack.kept(new S3Client(await stack.as()));
    await s3.send(
      new PutObjectCommand({ Bucket: 'landing', Key: 'rows/a.json', Body: '{"n":1}\n{"n":2}\n' }),
    );
    await s3.send(new PutObjectCommand({ Bucket: 'landing', Key: 'other/a.json', Body: '{"n":3}\n' }));
  }, 120_000);
  afterAll(() => stack.close());

  it('is refused by each service in its own words, and the root is not', async () => {
    const glue = (resource: string) => `arn:aws:glue:us-east-1:${OWN}:${resource}`;
    const calls: readonly [object, (settings: Awaited<ReturnType<Enforced['as']>>) => Promise<unknown>][] = [
      [
        {
          name: 'AccessDenied',
          status: 403,
          message: denied(READER, 's3:DeleteObject', '"arn:aws:s3:::landing/rows/none"'),
        },
        (settings) =>
          stack
            .kept(new S3Client(settings))
            .send(new DeleteObjectCommand({ Bucket: 'landing', Key: 'rows/none' })),
      ],
      [
        {
          name: 'AccessDeniedException',
          status: 400,
          message: denied(
            READER,
            'firehose:PutRecord',
            `arn:aws:firehose:us-east-1:${OWN}:deliverystream/events`,
          ),
        },
        (settings) =>
          stack
            .kept(new FirehoseClient(settings))
            .send(
              new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from('{}') } }),
            ),
      ],
      [
        {
          name: 'AccessDenied',
          status: 400,
          message: denied(READER, 'sqs:sendmessage', `arn:aws:sqs:us-east-1:${OWN}:work`),
        },
        (settings) =>
          stack
            .kept(new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }))
            .send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' })),
      ],
      [
        {
          name: 'AccessDeniedException',
          status: 400,
          message: expect.stringMatching(
            /perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:\S+:secret:shop-\w{6} because no identity-based policy/,
          ),
        },
        (settings) =>
          stack
            .kept(new SecretsManagerClient(settings))
            .send(new GetSecretValueCommand({ SecretId: 'shop' })),
      ],
      [
        {
          name: 'AccessDeniedException',
          status: 400,
          message: denied(
            READER,
            'logs:FilterLogEvents',
            `arn:aws:logs:us-east-1:${OWN}:log-group:/aws/lambda/shop:log-stream:`,
          ),
        },
        (settings) =>
          stack
            .kept(new CloudWatchLogsClient(settings))
            .send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/shop' })),
      ],
      [
        { name: 'AccessDeniedException', status: 400, message: denied(READER, 'kms:ListAliases', '*') },
        (settings) => stack.kept(new KMSClient(settings)).send(new ListAliasesCommand({})),
      ],
      [
        {
          name: 'AccessDenied',
          status: 403,
          message: denied(
            READER,
            'cloudformation:DescribeStacks',
            `arn:aws:cloudformation:us-east-1:${OWN}:stack/local/*`,
          ),
        },
        (settings) =>
          stack
            .kept(new CloudFormationClient(settings))
            .send(new DescribeStacksCommand({ StackName: 'local' })),
      ],
      [
        {
          name: 'AccessDenied',
          status: 403,
          message: denied(READER, 'iam:CreateRole', `arn:aws:iam::${OWN}:role/mine`),
        },
        (settings) =>
          stack.kept(new IAMClient(settings)).send(
            new CreateRoleCommand({
              RoleName: 'mine',
              AssumeRolePolicyDocument: JSON.stringify({
                Statement: [{ Effect: 'Allow', Principal: { AWS: OWN }, Action: 'sts:AssumeRole' }],
              }),
            }),
          ),
      ],
      [
        {
          name: 'AccessDeniedException',
          status: 400,
          message:
            'You are not authorized to perform: athena:StartQueryExecution on the resource. After your AWS administrator or you have updated your permissions, please try again.',
        },
        (settings) =>
          stack.kept(new AthenaClient(settings)).send(
            new StartQueryExecutionCommand({
              QueryString: 'SELECT 1',
              WorkGroup: 'primary',
              ResultConfiguration: { OutputLocation: 's3://landing/results/' },
            }),
          ),
      ],
      [
        {
          name: 'AccessDeniedException',
          status: 400,
          message: denied(READER, 'glue:DeleteTable', glue('catalog')),
        },
        (settings) =>
          stack
            .kept(new GlueClient(settings))
            .send(new DeleteTableCommand({ DatabaseName: 'lake', Name: 'none' })),
      ],
    ];
    const reader = await stack.as('Reader');
    const root = await stack.as();
    for (const [refusal, call] of calls) {
      expect(await failureOf(call(reader))).toEqual(refusal);
      const asRoot = await call(root).then(
        () => 'allowed',
        (error: Error) => error.name,
      );
      expect(asRoot).toMatch(/^(?:allowed|(?:Entity|Resource)NotFoundException)$/);
    }
    await stack
      .kept(new GlueClient(reader))
      .send(new GetTableCommand({ DatabaseName: 'lake', Name: 'rows' }));
  });

  it('may be refused by the policy of a queue, and the root too', async () => {
    for (const [who, principal] of [
      [READER, 'Reader'],
      [`arn:aws:iam::${OWN}:root`, undefined],
    ] as const) {
      const sqs = stack.kept(new SQSClient({ ...(await stack.as(principal)), useQueueUrlAsEndpoint: false }));
      expect(await failureOf(sqs.send(new PurgeQueueCommand({ QueueUrl })))).toMatchObject({
        message: denied(
          who,
          'sqs:purgequeue',
          `arn:aws:sqs:us-east-1:${OWN}:work`,
          'with an explicit deny in a resource-based policy',
        ),
      });
    }
  });

  it('queries what it may read, through views too', async () => {
    const athena = stack.kept(new AthenaClient(await stack.as('Reader')));
    const root = stack.kept(new AthenaClient(await stack.as()));
    expect(
      await runQuery(root, 'CREATE OR REPLACE VIEW doubled AS SELECT 2 * n AS n FROM rows'),
    ).toMatchObject({
      state: 'SUCCEEDED',
    });
    const { id, ...result } = await runQuery(athena, 'SELECT sum(n) FROM doubled');
    expect(result).toMatchObject({ state: 'SUCCEEDED' });
    const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    expect(ResultSet?.Rows?.at(-1)?.Data).toEqual([{ VarCharValue: '6' }]);
  });

  it('fails in the words of Athena where it may not read, write or change', async () => {
    const reader = await stack.as('Reader');
    const athena = stack.kept(new AthenaClient(reader));
    const root = stack.kept(new AthenaClient(await stack.as()));
    const made = await runQuery(
      root,
      "CREATE TABLE others WITH (format = 'PARQUET', external_location = 's3://landing/others/') AS SELECT 1 AS n",
    );
    expect(made).toMatchObject({ state: 'SUCCEEDED' });
    expect(await runQuery(root, 'CREATE VIEW through AS SELECT * FROM others')).toMatchObject({
      state: 'SUCCEEDED',
    });
    const path = /^Permission denied on S3 path: s3:\/\/landing\/others\/\S+$/;
    for (const sql of ['SELECT * FROM others', 'SELECT * FROM through'])
      expect(await runQuery(athena, sql)).toMatchObject({
        state: 'FAILED',
        reason: expect.stringMatching(path),
        error: { ErrorCategory: 2, ErrorType: 1501, Retryable: false },
      });
    const catalog = `arn:aws:glue:us-east-1:${OWN}:catalog`;
    const changes = {
      'glue:CreateTable': 'CREATE VIEW mine AS SELECT 1 AS one',
      'glue:DeleteTable': 'DROP TABLE rows',
      'glue:GetDatabases': 'SHOW DATABASES',
    };
    for (const [action, sql] of Object.entries(changes)) {
      const { reason = '', error } = await runQuery(athena, sql);
      const hive = 'FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. ';
      const [start, end] = sql.startsWith('CREATE VIEW') ? ['', ''] : [`${hive}MetaException(message:`, ')'];
      expect(reason.replace(/Request ID: [^;]+/, 'Request ID: id')).toBe(
        `${start}${denied(READER, action, catalog)} (Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: id; Proxy: null)${end}`,
      );
      expect(error).toMatchObject({ ErrorCategory: 2, ErrorType: 1500 });
    }
    expect(
      await runQuery(
        athena,
        "CREATE TABLE new WITH (format = 'PARQUET', external_location = 's3://landing/rows/new/') AS SELECT 1 AS n",
      ),
    ).toMatchObject({
      state: 'FAILED',
      reason: expect.stringMatching(/^Permission denied on S3 path: s3:\/\/landing\/rows\/new\//),
    });
    expect(await runQuery(athena, 'INSERT INTO rows SELECT 3')).toMatchObject({ state: 'FAILED' });
    const names = async () => {
      const { Contents = [] } = await stack
        .kept(new S3Client(reader))
        .send(new ListObjectsV2Command({ Bucket: 'landing', Prefix: 'rows/' }));
      return Contents.map(({ Key }) => Key);
    };
    expect(await names()).toEqual(['rows/a.json']);
  });

  it('gets AWS’s refusal of a catalog call that Athena makes for it', async () => {
    const athena = stack.kept(new AthenaClient(await stack.as('Reader')));
    const list = (DatabaseName: string) =>
      athena.send(new ListTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName }));
    await list('lake');
    const refusal = await failureOf(list('billing'));
    expect(refusal).toMatchObject({
      name: 'MetadataException',
      message: expect.stringContaining(
        denied(READER, 'glue:GetTables', `arn:aws:glue:us-east-1:${OWN}:database/billing`),
      ),
    });
  });

  it('reads no result that it may not read, although another submitted it', async () => {
    const root = stack.kept(new AthenaClient(await stack.as()));
    const { id } = await runQuery(root, 'SELECT 1');
    const own = await startEnforced({ without: { Reader: ['kms:Decrypt'] } });
    try {
      const athena = own.kept(new AthenaClient(await own.as('Reader')));
      const mine = await runQuery(athena, 'SELECT 1');
      expect(mine.state).toBe('SUCCEEDED');
      expect(
        await failureOf(athena.send(new GetQueryResultsCommand({ QueryExecutionId: mine.id }))),
      ).toMatchObject({
        name: 'InvalidRequestException',
        message: expect.stringMatching(
          /^You do not seem to have access to the S3 location of your query results\./,
        ),
      });
    } finally {
      await own.close();
    }
    const athena = stack.kept(new AthenaClient(await stack.as('Reader')));
    await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
  }, 120_000);
});

describe('a role or user of the template that somebody deletes', () => {
  it('is there before, and may do nothing afterwards', async () => {
    const stack = await startEnforced();
    try {
      const iam = stack.kept(new IAMClient(await stack.as()));
      const reader = await stack.as('Reader');
      const listed = () =>
        stack.kept(new S3Client(reader)).send(new ListObjectsV2Command({ Bucket: 'landing' }));
      await listed();
      expect((await iam.send(new GetUserCommand({ UserName: 'reader' }))).User).toMatchObject({
        UserName: 'reader',
        Arn: READER,
      });
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'delivery' }));
      expect(Role).toMatchObject({ RoleName: 'delivery', Arn: `arn:aws:iam::${OWN}:role/delivery` });
      expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toContain('firehose.amazonaws.com');
      const byReader = stack.kept(new IAMClient(reader));
      expect(await failureOf(byReader.send(new DeleteUserCommand({ UserName: 'reader' })))).toMatchObject({
        name: 'AccessDenied',
        message: denied(READER, 'iam:DeleteUser', READER),
      });
      await iam.send(new DeleteUserCommand({ UserName: 'reader' }));
      await iam.send(new DeleteRoleCommand({ RoleName: 'delivery' }));
      const gone = { name: 'NoSuchEntityException', status: 404 };
      for (const call of [
        () => iam.send(new GetUserCommand({ UserName: 'reader' })),
        () => iam.send(new DeleteUserCommand({ UserName: 'reader' })),
        () => iam.send(new GetRoleCommand({ RoleName: 'delivery' })),
        () => iam.send(new DeleteRoleCommand({ RoleName: 'delivery' })),
      ])
        expect(await failureOf(call())).toMatchObject(gone);
      expect(await failureOf(listed())).toMatchObject({ name: 'AccessDenied' });
    } finally {
      await stack.close();
    }
  });
});

describe('a stack with a policy that is too narrow', () => {
  let stack: Enforced | undefined;
  afterEach(() => stack?.close());
  const status = async ({ aws }: Enforced) => {
    const { refusals } = aws.status();
    return (refusals ?? []).map(({ reason }) => reason);
  };
  const s3 = async (on: Enforced) => on.kept(new S3Client(await on.as()));
  const sqs = async (on: Enforced) =>
    on.kept(new SQSClient({ ...(await on.as()), useQueueUrlAsEndpoint: false }));
  const received = async (on: Enforced, url: string) => {
    const { Messages = [] } = await (await sqs(on)).send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => Body);
  };
  const session = (role: string, name: string) => `arn:aws:sts::${OWN}:assumed-role/${role}/${name}`;

  it.each([
    ['s3:GetBucketLocation', /^Unable to verify\/create output bucket landing$/],
    [
      'kms:GenerateDataKey',
      /^Access denied when writing output to url: s3:\/\/landing\/results\/\S+ \. Please ensure/,
    ],
    ['s3:ListBucket', /^Permission denied on S3 path: s3:\/\/landing\/rows\/a\.json$/],
    [
      'glue:GetTable',
      /perform: glue:GetTable on resource: arn:aws:glue:us-east-1:\d+:catalog because .*AmazonDataCatalog/,
    ],
  ])(
    'that lacks %s of a reader fails its queries',
    async (action, reason) => {
      stack = await startEnforced({ without: { Reader: [action] } });
      await (await s3(stack)).send(
        new PutObjectCommand({ Bucket: 'landing', Key: 'rows/a.json', Body: '{"n":1}\n' }),
      );
      const athena = stack.kept(new AthenaClient(await stack.as('Reader')));
      const failure = await runQuery(athena, 'SELECT * FROM rows').then(
        (result) => result.reason,
        (error: Error) => error.message,
      );
      expect(failure).toMatch(reason);
    },
    60_000,
  );

  it.each([
    [
      { without: { Delivery: ['s3:PutObject'] } },
      denied(session('delivery', 'events'), 's3:PutObject', '"arn:aws:s3:::landing/events/'),
    ],
    [
      { without: { Delivery: ['kms:GenerateDataKey'] } },
      denied(session('delivery', 'events'), 'kms:GenerateDataKey', 'arn:aws:kms:us-east-1'),
    ],
    [
      { denied: { Delivery: ['s3:PutObject'] } },
      denied(session('delivery', 'events'), 's3:PutObject', '"arn:aws:s3:::landing/events/'),
    ],
    [
      { trusted: { Delivery: 'glue.amazonaws.com' } },
      denied('firehose.amazonaws.com', 'sts:AssumeRole', `arn:aws:iam::${OWN}:role/delivery`),
    ],
  ] as const)(
    'keeps the records of a stream and says why: %j',
    async (changes, sentence) => {
      stack = await startEnforced(changes);
      const firehose = stack.kept(new FirehoseClient(await stack.as()));
      await firehose.send(
        new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from('{}\n') } }),
      );
      const flushed = await failureOf(stack.aws.flush());
      const start = sentence.split(' because ')[0] ?? '';
      expect(flushed.message).toContain(start);
      expect(await status(stack)).toEqual([expect.stringContaining(start)]);
      expect(stack.aws.status().pending).toMatchObject([{ stream: 'events', documents: 1 }]);
      expect(stack.refused).toHaveLength(1);
    },
    60_000,
  );

  it('leaves messages in a queue whose function may not receive them', async () => {
    stack = await startEnforced({ without: { Work: ['sqs:ReceiveMessage'] } });
    await (await sqs(stack)).send(new SendMessageCommand({ QueueUrl, MessageBody: '{"log":"seen"}' }));
    expect(await stack.aws.flush()).toMatchObject({ undrained: 1 });
    expect(await status(stack)).toEqual([
      denied(session('work', 'work'), 'sqs:receivemessage', `arn:aws:sqs:us-east-1:${OWN}:work`),
    ]);
    expect(await received(stack, QueueUrl)).toEqual(['{"log":"seen"}']);
  }, 120_000);

  it('delivers a message again that a function handled and Lambda may not delete', async () => {
    stack = await startEnforced({ without: { Work: ['sqs:DeleteMessage'] } });
    await (await sqs(stack)).send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    expect(await stack.aws.flush()).toMatchObject({ undrained: 1 });
    expect(await status(stack)).toEqual([
      denied(session('work', 'work'), 'sqs:deletemessage', `arn:aws:sqs:us-east-1:${OWN}:work`),
    ]);
    await stack.clock.advance(60_000);
    expect(stack.aws.status().refusals).toMatchObject([{ count: expect.any(Number) }]);
    expect(stack.aws.status().refusals?.[0]?.count).toBeGreaterThan(1);
  }, 120_000);

  it('applies a condition on calls that Athena makes', async () => {
    stack = await startEnforced({ onlyVia: { Reader: 'athena.amazonaws.com' } });
    const reader = await stack.as('Reader');
    await (await s3(stack)).send(
      new PutObjectCommand({ Bucket: 'landing', Key: 'rows/a.json', Body: '{"n":1}\n' }),
    );
    const athena = stack.kept(new AthenaClient(reader));
    expect(await runQuery(athena, 'SELECT * FROM rows')).toMatchObject({ state: 'SUCCEEDED' });
    const get = stack
      .kept(new S3Client(reader))
      .send(new GetObjectCommand({ Bucket: 'landing', Key: 'rows/a.json' }));
    expect(await failureOf(get)).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('with an explicit deny in an identity-based policy'),
    });
  }, 120_000);

  it('sends an event to the dead-letter queue of its rule, or nowhere', async () => {
    stack = await startEnforced({ missing: ['QueuePolicy', 'Mapping'] });
    await (await s3(stack)).send(new PutObjectCommand({ Bucket: 'landing', Key: 'inbox/a', Body: 'x' }));
    expect(await received(stack, QueueUrl)).toEqual([]);
    expect(await received(stack, DeadUrl)).toEqual([expect.stringContaining('"key":"inbox/a"')]);
    const sentence = (queue: string) =>
      denied(
        'events.amazonaws.com',
        'sqs:sendmessage',
        `arn:aws:sqs:us-east-1:${OWN}:${queue}`,
        'because no resource-based policy allows the sqs:sendmessage action',
      );
    expect(await status(stack)).toEqual([sentence('work')]);
    await stack.close();
    stack = await startEnforced({ missing: ['QueuePolicy', 'DeadLettersPolicy', 'Mapping'] });
    await (await s3(stack)).send(new PutObjectCommand({ Bucket: 'landing', Key: 'inbox/a', Body: 'x' }));
    expect(await status(stack)).toEqual([sentence('work'), sentence('dead')]);
    expect(await received(stack, DeadUrl)).toEqual([]);
  }, 120_000);

  it('runs no schedule whose role may not send', async () => {
    stack = await startEnforced({ without: { Daily: ['sqs:SendMessage'] }, missing: ['Mapping'] });
    await stack.clock.advance(3_600_000);
    expect(await received(stack, QueueUrl)).toEqual([]);
    expect(await status(stack)).toEqual(
      ['work', 'dead'].map((queue) =>
        denied(session('daily', 'daily'), 'sqs:sendmessage', `arn:aws:sqs:us-east-1:${OWN}:${queue}`),
      ),
    );
  }, 120_000);

  it('answers 500 on a route whose function API Gateway may not invoke', async () => {
    stack = await startEnforced({ missing: ['Permission'] });
    const answer = await fetch(`${stack.aws.api}/jobs/7`, { method: 'POST', body: '{}' });
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    expect(await status(stack)).toEqual([
      expect.stringContaining('perform: lambda:InvokeFunction on resource: arn:aws:lambda'),
    ]);
  }, 120_000);

  it('runs no function whose role Lambda may not assume, and keeps no logs without permission', async () => {
    stack = await startEnforced({ trusted: { Work: 'ec2.amazonaws.com' } });
    expect((await fetch(`${stack.aws.api}/jobs/7`, { method: 'POST', body: '{}' })).status).toBe(500);
    await stack.close();
    stack = await startEnforced({ without: { Work: ['logs:PutLogEvents'] } });
    expect((await fetch(`${stack.aws.api}/jobs/7`, { method: 'POST', body: '{}' })).status).toBe(200);
    expect(await workLog(stack)).toBe('');
    expect(await status(stack)).toEqual([expect.stringContaining('perform: logs:PutLogEvents')]);
  }, 120_000);

  it('does all of this with permission', async () => {
    stack = await startEnforced();
    await (await s3(stack)).send(new PutObjectCommand({ Bucket: 'landing', Key: 'inbox/a', Body: 'x' }));
    const firehose = stack.kept(new FirehoseClient(await stack.as()));
    await firehose.send(
      new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from('{}\n') } }),
    );
    await stack.clock.advance(3_600_000);
    expect((await fetch(`${stack.aws.api}/jobs/7`, { method: 'POST', body: '{}' })).status).toBe(200);
    // A message whose delay has not ended is no failure.
    const delayed = { QueueUrl, MessageBody: '{}', DelaySeconds: 60 };
    await (await sqs(stack)).send(new SendMessageCommand(delayed));
    expect(await stack.aws.flush()).toMatchObject({ undrained: 0 });
    expect(await workLog(stack)).toContain('/jobs/7');
    expect(stack.aws.status()).toMatchObject({ refusals: [], pending: [] });
    const { Contents = [] } = await (await s3(stack)).send(
      new ListObjectsV2Command({ Bucket: 'landing', Prefix: 'events/' }),
    );
    expect(Contents).toHaveLength(1);
  }, 120_000);
});

describe('a role of the template', () => {
  let stack: Enforced;
  beforeAll(async () => {
    stack = await startEnforced();
    const s3 = stack.kept(new S3Client(await stack.as()));
    await s3.send(new PutObjectCommand({ Bucket: 'landing', Key: 'rows/a.json', Body: '{"n":1}\n' }));
  }, 120_000);
  afterAll(() => stack.close());

  it('reads the log group that its policy names with `:*`, and no other', async () => {
    const logs = stack.kept(new CloudWatchLogsClient(await stack.as('Work')));
    const read = (logGroupName: string) => logs.send(new FilterLogEventsCommand({ logGroupName }));
    await read('/aws/lambda/work');
    expect(await failureOf(read('/aws/lambda/other'))).toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is limited by its permissions boundary, and named by its session', async () => {
    const sts = stack.kept(new STSClient(await stack.as()));
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${OWN}:role/limited`, RoleSessionName: 'load-7' }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    const s3 = stack.kept(new S3Client({ ...(await stack.as()), credentials }));
    const who = `arn:aws:sts::${OWN}:assumed-role/limited/load-7`;
    const object = '"arn:aws:s3:::landing/rows/a.json"';
    expect(
      await failureOf(s3.send(new PutObjectCommand({ Bucket: 'landing', Key: 'rows/a.json', Body: 'x' }))),
    ).toMatchObject({
      message: denied(
        who,
        's3:PutObject',
        object,
        'because no permissions boundary allows the s3:PutObject action',
      ),
    });
    // Its own policy does not allow the key.
    expect(
      await failureOf(s3.send(new GetObjectCommand({ Bucket: 'landing', Key: 'rows/a.json' }))),
    ).toMatchObject({
      message: expect.stringContaining(
        `${who} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:`,
      ),
    });
  });
});
