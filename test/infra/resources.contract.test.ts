import { describe, expect, it } from '@jest/globals';
import { POLICY_TARGETS, printedPolicies } from '../../lib/access/printedPolicies.ts';
import { exportSession, loadSession } from '../../lib/access/sessionPolicies.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { parseTableKey, tableFolder } from '../../lib/tables/tableFolders.ts';
import type { ResolvedResource } from '../../packages/local-aws/src/template/index.ts';
import { acmeSource, READERS } from '../harness/configInput.ts';
import { madeStack } from './madeStack.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const deploy = (input: Partial<ConfigInput> = {}) =>
  madeStack({ unitIds: { companyID: 'company_id' }, curate: false, ...input });
const { config, template, resolved } = deploy();

const sessionPlace = ({ bucket, encryption, existing: { keyArn } }: Config) => ({
  partition: 'aws',
  account: '111122223333',
  bucket,
  encryption,
  keyArn,
});

/** Plain JSON of unknown shape, to look into without caring for types. */
type Json = null | string | number | boolean | Json[] | { [name: string]: Json };
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value));

function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

const list = (value: Json | undefined): Json[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
};

const ofType = (type: string): ResolvedResource[] =>
  resolved.resources.filter((resource) => resource.type === type);

function resourceOf(logicalId: string): Json {
  const found = resolved.resources.find((resource) => resource.logicalId === logicalId);
  return plain(found?.properties ?? null);
}

describe('the bucket', () => {
  it('lets nobody but its own roles delete files without a version, by their ARNs', () => {
    const statementsOf = ({ made }: ReturnType<typeof deploy>) =>
      list(at(plain(made.Resources), 'DataBucketPolicy', 'Properties', 'PolicyDocument', 'Statement'))
        .filter((statement) => at(statement, 'Sid') === 'DeleteByVersionOnly')
        .map((statement) => ({
          ...(statement as object),
          Resource: list(at(statement, 'Resource')).map((arn) => at(arn, 'Fn::Sub')),
          Condition: list(at(statement, 'Condition', 'ArnNotEquals', 'aws:PrincipalArn')).map((arn) =>
            at(arn, 'Fn::GetAtt'),
          ),
        }));
    const denied = {
      Sid: 'DeleteByVersionOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObject',
      Resource: [
        'statsig/statsig_forwarded_exposures/',
        'statsig/statsig_forwarded_events/',
        'statsig/ingested/',
        'quarantine/',
        'landing/',
      ].map((folder) => `\${DataBucket.Arn}/${folder}*`),
      Condition: [['WriteRole', 'Arn']],
    };
    expect(statementsOf(deploy())).toEqual([denied]);
    const readers = [{ ...READERS[0], statsigForwardsHere: true }];
    const all = deploy({ curate: true, readers, sources: [acmeSource()] });
    const writers = ['WriteRole', 'IngestLoadRole', 'CurateRole', 'ReaderStatsigRole'];
    expect(statementsOf(all)).toMatchObject([{ Condition: writers.map((id) => [id, 'Arn']) }]);
    expect(statementsOf(deploy({ retention: { denyDeletes: false } }))).toEqual([]);
    const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';
    expect(statementsOf(deploy({ existing: { bucket: true, keyArn } }))).toEqual([]);
  });

  it('has the name of the configuration, and the key of the stack', () => {
    const bucket = resourceOf('DataBucket');
    expect(at(bucket, 'BucketName')).toBe('acme-experiments');
    const key = resolved.resources.find(({ logicalId }) => logicalId === 'DataKey')?.arn;
    expect(at(bucket, 'BucketEncryption', 'ServerSideEncryptionConfiguration')).toMatchObject([
      { ServerSideEncryptionByDefault: { KMSMasterKeyID: key } },
    ]);
  });

  it("has no key if S3's own encrypt it, and then nothing has or may use one", () => {
    const options = templateConfigurations["S3's own encryption"];
    for (const input of [options, { ...options, existing: { bucket: true } }]) {
      const { config, made } = deploy(input);
      const known = { region: 'eu-west-1' as const, account: '111122223333', stack: 'acme-prod' };
      const printed = POLICY_TARGETS.map((target) => printedPolicies(target, config, known));
      const sessions = [
        ...config.exports.map((one) => exportSession(sessionPlace(config), config, one)),
        ...config.sources.flatMap((source) =>
          source.datasets.map((dataset) => loadSession(sessionPlace(config), config, source, dataset)),
        ),
      ];
      const texts = JSON.stringify([made, printed, sessions]).match(/.\w*kms\w*/gi);
      // The name of a setting, and an action of CloudWatch Logs.
      expect([...new Set(texts)]).toEqual(['.kmsKeyArn', '*KmsKey']);
    }
  });

  it.each<{ readonly what: string; readonly input: Partial<ConfigInput> }>([
    { what: 'its own bucket alone', input: {} },
    { what: 'a bucket of results', input: { readers: [...READERS] } },
    {
      what: 'a bucket of Statsig',
      input: {
        statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme-4f2a' },
      },
    },
  ])('requires TLS for itself and its objects, as every bucket does of a stack with $what', ({ input }) => {
    const { resources: all } = deploy(input).resolved;
    const policies = all.filter(({ type }) => type === 'AWS::S3::BucketPolicy').map(plain);
    const buckets = all.filter(({ type }) => type === 'AWS::S3::Bucket').map(plain);
    expect(policies.map((policy) => at(policy, 'properties', 'PolicyDocument', 'Statement', 0))).toEqual(
      buckets.map((bucket) => {
        const arn = `arn:aws:s3:::${at(bucket, 'properties', 'BucketName')}`;
        return {
          Sid: 'EncryptedTransportOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [arn, `${arn}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        };
      }),
    );
  });

  it('expires no objects with events, except refused ones, and keeps old versions for a time', () => {
    const retention = { dataVersionDays: 40, landingVersionDays: 41, stateVersionDays: 42 };
    const bucket = plain(deploy({ retention }).made.Resources['DataBucket']?.Properties ?? null);
    expect(at(bucket, 'VersioningConfiguration')).toEqual({ Status: 'Enabled' });
    const rules = list(at(bucket, 'LifecycleConfiguration', 'Rules')).map((rule) => [
      at(rule, 'Prefix'),
      at(rule, 'ExpirationInDays') ?? null,
      at(rule, 'NoncurrentVersionExpiration', 'NoncurrentDays'),
    ]);
    expect(rules).toEqual([
      ['statsig/', null, 40],
      ...['exposures', 'events'].map((table) => [
        `statsig/statsig_forwarded_${table}/statsig_forwarded_${table}/`,
        null,
        40,
      ]),
      ['quarantine/', 90, 40],
      ['quarantine-large/', 90, 1],
      ['query-results/', 30, 1],
      ['landing/', null, 41],
      ['damaged/', 90, 40],
      ['ledger/', null, 42],
      ['relay/', 7, 1],
    ]);
  });
});

describe("the keys' secret", () => {
  it('begins without a key, and no change of the configuration changes its value', () => {
    const other = deploy({ keys: [{ label: 'web', sha256: 'a'.repeat(64) }], allowAnyKey: true });
    expect(other.template.Resources.KeysSecret).toEqual(template.Resources.KeysSecret);
    expect(template.Resources.KeysSecret).toMatchObject({
      Properties: { Name: 'acme-prod-keys', SecretString: '{"keys":[]}' },
    });
  });
});

describe.each(tableKinds)('%s', (kind) => {
  const id = { exposures: 'Exposures', events: 'Events', quarantine: 'Quarantine' }[kind];
  const table = deliveredTables(config)[kind];
  const input = at(resourceOf(`${id}Table`), 'TableInput');

  it('has the columns of lib/tables, with the day as the only partition key', () => {
    const columns = list(at(input, 'StorageDescriptor', 'Columns'));
    expect(columns).toEqual(
      table.columns.map(({ name, type, comment }) => ({ Name: name, Type: type, Comment: comment })),
    );
    expect(at(input, 'PartitionKeys')).toMatchObject([{ Name: 'ds', Type: 'date' }]);
  });

  it('is read as Parquet from its folder', () => {
    expect(input).toMatchObject({
      Description: table.comment,
      TableType: 'EXTERNAL_TABLE',
      StorageDescriptor: {
        InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
        OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
        SerdeInfo: {
          SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
          Parameters: { 'serialization.format': '1' },
        },
        Location: `s3://acme-experiments/${tableFolder(config, kind)}`,
      },
    });
  });
});

it.each(['ExperimentGroupsTable', 'ReceivedHoursTable'])('%s has a row in each line, as JSON', (id) => {
  expect(at(resourceOf(id), 'TableInput')).toMatchObject({
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [],
    StorageDescriptor: {
      InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
    },
  });
});

describe('the landing', () => {
  const destination = at(resourceOf('LandingStream'), 'ExtendedS3DestinationConfiguration');

  it('has a stream that writes what it gets below landing/, and changes nothing of it', () => {
    expect(at(destination, 'Prefix')).toBe('landing/');
    expect(at(destination, 'CompressionFormat')).toBe('UNCOMPRESSED');
    for (const member of [
      'ProcessingConfiguration',
      'DynamicPartitioningConfiguration',
      'DataFormatConversionConfiguration',
    ])
      expect(at(destination, member)).toBeUndefined();
  });

  it('leaves the names of its stream and of the role of it to CloudFormation', () => {
    expect(at(resourceOf('LandingStream'), 'DeliveryStreamName')).toBeUndefined();
    expect(at(resourceOf('LandingDeliveryRole'), 'RoleName')).toBeUndefined();
  });

  it('tells the writer of its new objects', () => {
    expect(at(resourceOf('LandingRule'), 'EventPattern', 'detail', 'object', 'key')).toEqual([
      { prefix: 'landing/' },
    ]);
  });
});

describe('the way to the registrar', () => {
  it('matches files of every table, and neither Statsig nor other files of ours', () => {
    const pattern = at(resourceOf('ObjectCreatedRule'), 'EventPattern');
    expect(at(pattern, 'detail', 'bucket', 'name')).toEqual(['acme-experiments']);
    const prefixes = list(at(pattern, 'detail', 'object', 'key')).map((matcher) =>
      String(at(matcher, 'prefix')),
    );
    const ofTables = [
      'statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/2026-11-20/a.parquet',
      'statsig/statsig_forwarded_events/statsig_forwarded_events/2026-11-20/a.parquet',
      'quarantine/2026-11-20/a.parquet',
    ];
    const others = [
      'statsig/experiment-abc/results.parquet',
      'quarantine-large/2026-11-20/0a',
      'damaged/2026/11/20/10/x',
    ];
    const matched = [...ofTables, ...others].filter((key) =>
      prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(matched).toEqual(ofTables);
    for (const key of ofTables) expect(parseTableKey(config, key)).toHaveProperty('kind');
  });

  it('keeps events that cannot be registered', () => {
    expect(resourceOf('RegisterQueue')).toMatchObject({
      RedrivePolicy: {
        deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:111122223333:acme-prod-register-dead-letters',
      },
    });
  });

  it('has what rules and schedules cannot send in the dead letters of its queue', () => {
    const senders = [...ofType('AWS::Scheduler::Schedule'), ...ofType('AWS::Events::Rule')];
    expect(senders.length).toBeGreaterThan(4);
    for (const { properties } of senders) {
      const { Target, Targets = [Target] } = Object(properties);
      for (const { Arn, DeadLetterConfig } of Targets) {
        // A run that fails is done again in the next night.
        const isInvoked = JSON.stringify(Arn).includes(':function:');
        const queue = ofType('AWS::SQS::Queue').find(({ arn }) => arn === Arn);
        const deadLetters = at(plain(queue?.properties ?? null), 'RedrivePolicy', 'deadLetterTargetArn');
        expect(DeadLetterConfig).toEqual(isInvoked ? undefined : { Arn: deadLetters });
        // EventBridge's rules have the queues' policies instead.
        if (Target === undefined) continue;
        const role = ofType('AWS::IAM::Role').find(({ arn }) => arn === Target.RoleArn);
        expect(at(plain(role?.properties), 'Policies', 0, 'PolicyDocument', 'Statement')).toEqual([
          isInvoked
            ? { Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: [Arn] }
            : { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [Arn, deadLetters] },
        ]);
      }
    }
    expect(
      ofType('AWS::SQS::QueuePolicy')
        .map(({ logicalId }) => logicalId)
        .sort(),
    ).toEqual(
      ['RegisterDeadLetter', 'Register', 'WriteDeadLetter', 'Write'].map((part) => `${part}QueuePolicy`),
    );
    for (const { logicalId, properties } of ofType('AWS::SQS::QueuePolicy')) {
      const queue = ofType('AWS::SQS::Queue').find((one) => `${one.logicalId}Policy` === logicalId);
      expect(properties).toMatchObject({
        Queues: [queue?.physicalId],
        PolicyDocument: { Statement: [{ Resource: queue?.arn }] },
      });
    }
  });
});

describe('the configuration', () => {
  it('determines names, folders and streams', () => {
    const other = deploy({
      bucket: 'other-bucket',
      statsigFolder: 'a/b',
      database: 'db',
      tables: { exposures: 'x', events: 'y', quarantine: 'z' },
      buffering: { seconds: 120, megabytes: 32 },
    });
    const text = JSON.stringify(other.resolved);
    expect(text).toContain('/a/b/statsig_forwarded_exposures/x/');
    expect(text).toContain('"BufferingHints":{"IntervalInSeconds":120,"SizeInMBs":32}');
    expect(text).toContain('arn:aws:glue:eu-west-1:111122223333:table/db/y');
    expect(text).not.toContain('acme-experiments');
    expect(other.resolved.outputs).toMatchObject({
      DataBucketName: 'other-bucket',
      EventsTableName: 'y',
      QuarantineTableName: 'z',
    });
  });
});
