import { fileURLToPath } from 'node:url';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { MovableClock } from '../../src/base/index.ts';
import { type LocalAws, startLocalAws } from '../../src/server/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const att = (id: string, name = 'Arn') => ({ 'Fn::GetAtt': [id, name] });
const ref = (id: string) => ({ Ref: id });

/** A statement of a policy of the stack. */
interface Statement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

const KEY_USE: Statement = {
  Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
  Resource: att('Key'),
  Condition: { StringEquals: { 'kms:ViaService': `s3.${REGION}.amazonaws.com` } },
};
const GLUE_ROWS = [arn('glue', 'catalog'), arn('glue', 'database/lake'), arn('glue', 'table/lake/*')];

/** Permissions of each role or user; tests take actions away. */
const POLICIES = {
  Reader: [
    {
      Action: ['athena:StartQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
      Resource: arn('athena', 'workgroup/reader'),
    },
    {
      Action: ['athena:ListTableMetadata', 'athena:ListDatabases'],
      Resource: arn('athena', 'datacatalog/AwsDataCatalog'),
    },
    { Action: ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables'], Resource: GLUE_ROWS },
    {
      Action: ['glue:GetDatabase'],
      Resource: [arn('glue', 'catalog'), arn('glue', 'database/default')],
    },
    { Action: ['s3:GetBucketLocation', 's3:ListBucket'], Resource: 'arn:aws:s3:::landing' },
    { Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::landing/rows/*' },
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::landing/results/*' },
    KEY_USE,
  ],
  Delivery: [
    { Action: ['s3:PutObject'], Resource: 'arn:aws:s3:::landing/events/*' },
    { Action: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'], Resource: GLUE_ROWS },
    KEY_USE,
  ],
  Work: [
    {
      Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      Resource: att('Queue'),
    },
    {
      Action: ['logs:CreateLogStream', 'logs:FilterLogEvents', 'logs:PutLogEvents'],
      Resource: arn('logs', 'log-group:/aws/lambda/work:*'),
    },
  ],
  Daily: [{ Action: ['sqs:SendMessage'], Resource: [att('Queue'), att('DeadLetters')] }],
  Limited: [{ Action: ['s3:*', 'sts:AssumeRole'], Resource: '*' }],
} satisfies Record<string, readonly Statement[]>;

/** A role or user of the stack. */
export type Principal = keyof typeof POLICIES;

const TRUSTED: Readonly<Record<string, object>> = {
  Delivery: { Service: 'firehose.amazonaws.com' },
  Work: { Service: 'lambda.amazonaws.com' },
  Daily: { Service: 'scheduler.amazonaws.com' },
  Limited: { AWS: ACCOUNT },
};

/** Changes that a test makes to the stack. */
export interface Changes {
  /** Actions that a principal's policy does not have. */
  readonly without?: Partial<Record<Principal, readonly string[]>>;
  /** Actions that a principal's policy denies. */
  readonly denied?: Partial<Record<Principal, readonly string[]>>;
  /** The only service that may read objects for a principal. */
  readonly onlyVia?: Partial<Record<Principal, string>>;
  /** Logical IDs of resources that are missing. */
  readonly missing?: readonly string[];
  /** The service that may assume a role, instead of its own. */
  readonly trusted?: Partial<Record<Principal, string>>;
}

function template({ without = {}, denied = {}, onlyVia = {}, missing = [], trusted = {} }: Changes) {
  const document = (principal: Principal) => ({
    Version: '2012-10-17',
    Statement: [
      ...POLICIES[principal].flatMap((statement: Statement) => {
        const Action = statement.Action.filter((action) => without[principal]?.includes(action) !== true);
        return Action.length === 0 ? [] : [{ Effect: 'Allow', ...statement, Action }];
      }),
      ...(denied[principal] === undefined
        ? []
        : [{ Effect: 'Deny', Action: denied[principal], Resource: '*' }]),
      ...(onlyVia[principal] === undefined
        ? []
        : [
            {
              Effect: 'Deny',
              Action: 's3:GetObject',
              Resource: '*',
              Condition: { 'ForAllValues:StringNotEquals': { 'aws:CalledVia': [onlyVia[principal]] } },
            },
          ]),
    ],
  });
  const Policies = (principal: Principal) => {
    const PolicyDocument = document(principal);
    // IAM refuses a policy without statements.
    return PolicyDocument.Statement.length === 0 ? [] : [{ PolicyName: 'own', PolicyDocument }];
  };
  const role = (id: Principal, more: object = {}) => {
    const Principal = trusted[id] === undefined ? TRUSTED[id] : { Service: trusted[id] };
    return {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: id.toLowerCase(),
        AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] },
        Policies: Policies(id),
        ...more,
      },
    };
  };
  const columns = [{ Name: 'n', Type: 'int' }];
  const Resources: Record<string, unknown> = {
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    },
    Landing: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'landing',
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: att('Key') } },
          ],
        },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
    },
    Lake: {
      Type: 'AWS::Glue::Database',
      Properties: { CatalogId: ACCOUNT, DatabaseInput: { Name: 'lake' } },
    },
    Rows: {
      Type: 'AWS::Glue::Table',
      Properties: {
        CatalogId: ACCOUNT,
        DatabaseName: ref('Lake'),
        TableInput: {
          Name: 'rows',
          TableType: 'EXTERNAL_TABLE',
          StorageDescriptor: {
            Columns: columns,
            Location: 's3://landing/rows/',
            InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
            OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
            SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
          },
        },
      },
    },
    Group: {
      Type: 'AWS::Athena::WorkGroup',
      Properties: {
        Name: 'reader',
        WorkGroupConfiguration: { ResultConfiguration: { OutputLocation: 's3://landing/results/' } },
      },
    },
    Reader: { Type: 'AWS::IAM::User', Properties: { UserName: 'reader', Policies: Policies('Reader') } },
    Delivery: role('Delivery'),
    Work: role('Work'),
    Daily: role('Daily'),
    Boundary: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        PolicyDocument: {
          Statement: [{ Effect: 'Allow', Action: ['s3:GetObject', 'sts:*'], Resource: '*' }],
        },
      },
    },
    Limited: role('Limited', { PermissionsBoundary: ref('Boundary') }),
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'shop', SecretString: 'x' } },
    Stream: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      Properties: {
        DeliveryStreamName: 'events',
        ExtendedS3DestinationConfiguration: {
          BucketARN: att('Landing'),
          RoleARN: att('Delivery'),
          Prefix: 'events/',
        },
      },
    },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
    DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'created',
        EventPattern: { source: ['aws.s3'], detail: { object: { key: [{ prefix: 'inbox/' }] } } },
        State: 'ENABLED',
        Targets: [{ Id: 'queue', Arn: att('Queue'), DeadLetterConfig: { Arn: att('DeadLetters') } }],
      },
    },
    ...Object.fromEntries(
      ['Queue', 'DeadLetters'].map((id) => [
        `${id}Policy`,
        {
          Type: 'AWS::SQS::QueuePolicy',
          Properties: {
            Queues: [ref(id)],
            PolicyDocument: {
              Statement: [
                {
                  Effect: 'Allow',
                  Principal: { Service: 'events.amazonaws.com' },
                  Action: 'sqs:SendMessage',
                  Resource: att(id),
                  Condition: { ArnEquals: { 'aws:SourceArn': att('Rule') } },
                },
                { Effect: 'Deny', Principal: '*', Action: 'sqs:PurgeQueue', Resource: att(id) },
              ],
            },
          },
        },
      ]),
    ),
    DailySchedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: 'daily',
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: att('Queue'),
          RoleArn: att('Daily'),
          Input: '{"log":"hourly"}',
          DeadLetterConfig: { Arn: att('DeadLetters') },
        },
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'work',
        Handler: 'handler.handler',
        Runtime: 'nodejs24.x',
        Role: att('Work'),
        Code: { S3Bucket: 'b', S3Key: 'k' },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: att('Queue'), FunctionName: att('Function') },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: ref('Api'),
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: att('Function'),
        PayloadFormatVersion: '2.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: ref('Api'),
        RouteKey: 'POST /jobs/{id}',
        Target: { 'Fn::Join': ['/', ['integrations', ref('Integration')]] },
      },
    },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: att('Function'),
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: {
          'Fn::Join': ['', [`arn:aws:execute-api:${REGION}:${ACCOUNT}:`, ref('Api'), '/*']],
        },
      },
    },
  };
  for (const id of missing) delete Resources[id];
  return { Resources };
}

/** A running stack whose policies are enforced. */
export interface Enforced {
  readonly aws: LocalAws;
  readonly clock: MovableClock;
  readonly directory: string;
  /** Sentences that were refused for the first time. */
  readonly refused: readonly string[];
  /** Options of a client that signs as a principal of the stack, or as the root. */
  as(principal?: Principal): Promise<ClientSettings>;
  /** Closes a client with the stack. */
  kept<Client extends { destroy(): void }>(client: Client): Client;
  close(): Promise<void>;
}

interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

/** Starts the stack with some changes. */
export async function startEnforced(changes: Changes = {}): Promise<Enforced> {
  const directory = temporaryDirectory();
  const clock = new MovableClock();
  const refused: string[] = [];
  const clients: { destroy(): void }[] = [];
  const aws = await startLocalAws({
    stack: {
      template: template(changes),
      codeDirectory: fileURLToPath(new URL('../fixtures/functions', import.meta.url)),
    },
    directory: directory.path,
    enforceIam: true,
    onRefusal: (sentence) => refused.push(sentence),
    clock,
  });
  return {
    aws,
    clock,
    directory: directory.path,
    refused,
    async as(principal) {
      const place = { endpoint: aws.endpoint, region: REGION, maxAttempts: 1 };
      if (principal === undefined)
        return { ...place, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
      const answer = await fetch(`${aws.endpoint}/_local/credentials`, {
        method: 'POST',
        body: JSON.stringify({ principal }),
      });
      const { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string } = JSON.parse(
        await answer.text(),
      );
      return { ...place, credentials: { accessKeyId, secretAccessKey } };
    },
    kept(client) {
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await aws.close().catch(() => undefined);
      directory.remove();
    },
  };
}

/** Runs a query in the reader's workgroup to its end. */
export async function runQuery(athena: AthenaClient, QueryString: string) {
  const { QueryExecutionId } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString,
      WorkGroup: 'reader',
      QueryExecutionContext: { Database: 'lake' },
    }),
  );
  for (;;) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason, AthenaError } = QueryExecution?.Status ?? {};
    if (State === 'QUEUED' || State === 'RUNNING') continue;
    return { id: QueryExecutionId ?? '', state: State, reason: StateChangeReason, error: AthenaError };
  }
}
