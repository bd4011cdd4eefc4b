import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleFunctions } from '../../infra/build/bundleFunctions.ts';
import { resources } from '../../infra/resources.ts';
import { mergeActions, READ_TABLES, WRITE_RESULTS } from '../../lib/access/readerStatements.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { functionNames } from '../../lib/config/functionConfig.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { parseTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { readPolicies } from './Policies.ts';
import { heldPage } from './permissionsPage.ts';

const customers = { bucket: 'acme-drops', owner: '111122223333' };
const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const role = { arn: 'arn:aws:iam::111122223333:role/sluice', externalId: 'made-by-us' };
const expectedBy = { hour: 9 };
/** Every feature that gives a role something. */
const config = defineConfig({
  bucket: 'sluice-experiments',
  curate: true,
  relay: { statsig: true },
  sources: [
    {
      ...customers,
      name: 'acme',
      kmsKeyArn: key,
      receipt: 'sluice-receipts',
      datasets: [
        { name: 'daily', kind: 'events', expectedBy },
        { name: 'hourly', kind: 'events', schedule: 'hourly' },
      ],
    },
    { ...customers, name: 'by-role', role, datasets: [{ name: 'shared', kind: 'events' }] },
  ],
  exports: (['daily', 'hourly'] as const).map((schedule) => ({
    name: schedule,
    schedule,
    table: 'statsig_forwarded_events',
    target: {
      ...customers,
      folder: `out-${schedule}`,
      ...(schedule === 'daily' ? { kmsKeyArn: key } : { role }),
    },
  })),
});

/** What roles refer to. */
const NAMED =
  /^AWS::(?:IAM::Role|SQS::Queue|S3::Bucket|KMS::Key|Glue::Database|Glue::Table|Athena::WorkGroup|SecretsManager::Secret|KinesisFirehose::DeliveryStream|Logs::Log\w+|Events::Rule|Scheduler::Schedule)$/;

function readRoles() {
  const made = resources({ config, service: 'sluice', stage: 'local' });
  const logs = functionNames.map((name) => [
    `${roleOf(name).replace(/Role$/, '')}LogGroup`,
    { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/sluice-local-${name}` } },
  ]);
  const Resources = {
    ...Object.fromEntries(logs),
    ...Object.fromEntries(Object.entries(made.Resources).filter(([, { Type }]) => NAMED.test(Type))),
  };
  return readPolicies(
    resolveTemplate(parseTemplate({ Resources, Outputs: {} }), {
      region: 'us-east-1',
      account: '000000000000',
      partition: 'aws',
      stackName: 'sluice-local',
      endpoint: 'http://127.0.0.1',
    }),
  ).roles;
}

/** `IngestPlanRole` of the function `ingest-plan`. */
function roleOf(name: string): string {
  return `${name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}Role`;
}

/** Actions of S3 whose names are not those of their operations. */
const OF_S3: Readonly<Record<string, readonly string[]>> = {
  // Without the permission to list, a missing object is answered 403.
  GetObject: ['GetObject', 'ListBucket'],
  HeadObject: ['GetObject', 'ListBucket'],
  CopyObject: ['GetObject', 'PutObject'],
  PutObject: ['PutObject', 'PutObjectAcl'],
  DeleteObjects: ['DeleteObject'],
  ListObjectsV2: ['ListBucket'],
  ListMultipartUploads: ['ListBucketMultipartUploads'],
  GetBucketLifecycleConfiguration: ['GetLifecycleConfiguration'],
  CreateMultipartUpload: ['PutObject'],
  UploadPart: ['PutObject'],
  CompleteMultipartUpload: ['PutObject'],
};
/** What Lambda does with the role of a function that has a queue, and for each. */
const BY_LAMBDA = [
  ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((name) => `sqs:${name}`),
  'logs:CreateLogStream',
  'logs:PutLogEvents',
];
/** What S3 and SQS ask of their callers where a key encrypts. */
const OF_KEYS = ['kms:Decrypt', 'kms:GenerateDataKey'];

/** What Athena does with the permissions of who asks it. */
const BY_ATHENA = mergeActions(READ_TABLES, WRITE_RESULTS, [
  's3:GetBucketLocation',
  's3:ListBucketMultipartUploads',
]);

/** The actions of the calls that source files make, by the commands of AWS's clients that they import. */
function calledActions(files: readonly string[]): ReadonlySet<string> {
  const actions = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return [...text.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)].flatMap(
      ([, names = '', client = '']) => {
        const service = client.replaceAll('-', '');
        const operations = [...names.matchAll(/\b(?!type)(\w+)Command\b|\bpaginate(\w+)/g)].map(
          ([, action, all]) => action ?? all ?? '',
        );
        return operations.flatMap((operation) => [
          ...(service === 's3' ? (OF_S3[operation] ?? [operation]) : [operation.replace(/Batch$/, '')]).map(
            (name) => `${service}:${name}`,
          ),
        ]);
      },
    );
  });
  const byAthena = actions.includes('athena:StartQueryExecution') ? BY_ATHENA : [];
  return new Set([...actions, ...byAthena, ...BY_LAMBDA, ...OF_KEYS]);
}

const roles = readRoles();

it('docs/reference/permissions.md has the roles of the template (SLUICE_WRITE_DOCS=1 updates it)', () => {
  const { page, held } = heldPage(roles, config.bucket);
  expect(page).toBe(held);
});

describe('each action of a role is one that an adapter of its function calls', () => {
  const directory = temporaryDirectory();
  const called = new Map<string, ReadonlySet<string>>();
  beforeAll(async () => {
    const bundles = await bundleFunctions({
      root: directory.path,
      code: repositoryRoot,
      functions: functionNames,
      config,
      host: 'here',
    });
    for (const { name, inputs } of bundles) {
      const own = inputs.filter((input) => !input.includes('node_modules') && input.endsWith('.ts'));
      called.set(name, calledActions(own.map((input) => join(directory.path, input))));
    }
  });
  afterAll(() => directory.remove());

  it.each(functionNames)('%s', (name) => {
    const own = roles.find(({ logicalId }) => logicalId === roleOf(name));
    const allowed = new Set(own?.statements.flatMap(({ Action }) => Action));
    expect(allowed.size).toBeGreaterThan(3);
    expect([...allowed].filter((action) => called.get(name)?.has(action) !== true)).toEqual([]);
  });
});
