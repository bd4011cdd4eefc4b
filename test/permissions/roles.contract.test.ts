import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import * as z from 'zod';
import { resources } from '../../infra/resources.ts';
import { mergeActions, READ_TABLES, WRITE_RESULTS } from '../../lib/access/readerStatements.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { functionNames } from '../../lib/config/functionConfig.ts';
import { type ForwardedKind, forwardedKinds, tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_NOTES, VERSION_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolder, tableFolder } from '../../lib/tables/tableFolders.ts';
import { projectRoot } from '../../local/roots.ts';
import { parseTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { query, readTable, scope } from '../lib/access/calls.ts';
import { type Call, type Document, decideCall } from '../lib/access/decideCall.ts';
import { heldPage } from './permissionsPage.ts';
import { readPolicies } from './readPolicies.ts';

const ACCOUNT = '000000000000';
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

function readTemplate() {
  const made = resources({ config, service: 'sluice', stage: 'local' });
  const logs = functionNames.map((name) => [
    `${roleOf(name).replace(/Role$/, '')}LogGroup`,
    { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/sluice-local-${name}` } },
  ]);
  const Resources = {
    ...Object.fromEntries(logs),
    ...Object.fromEntries(Object.entries(made.Resources).filter(([, { Type }]) => NAMED.test(Type))),
  };
  return resolveTemplate(parseTemplate({ Resources, Outputs: {} }), {
    region: 'us-east-1',
    account: ACCOUNT,
    partition: 'aws',
    stackName: 'sluice-local',
    endpoint: 'http://127.0.0.1',
  });
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

const template = readTemplate();
const { roles } = readPolicies(template);

it('docs/reference/permissions.md has the roles of the template (SLUICE_WRITE_DOCS=1 updates it)', () => {
  const { page, held } = heldPage(roles, config.bucket);
  expect(page).toBe(held);
});

const own = (key: string) => `${config.bucket}/${key}`;
const object = (action: string, ...paths: readonly string[]): Call => ({
  action: `s3:${action}`,
  resources: paths.map((path) => `arn:aws:s3:::${path}`),
});
const queue = (name: string): Call => ({
  action: 'sqs:SendMessage',
  resources: [`arn:aws:sqs:us-east-1:${ACCOUNT}:sluice-local-${name}`],
});
const ofTables = (action: string, ...tables: readonly string[]): Call => ({
  action: `glue:${action}`,
  resources: ['catalog', 'database/sluice', ...tables.map((table) => `table/sluice/${table}`)].map(
    (name) => `arn:aws:glue:us-east-1:${ACCOUNT}:${name}`,
  ),
});
const inRole: Call = { action: 'sts:AssumeRole', resources: [role.arn] };
const byCustomersKey = ['kms:Decrypt', 'kms:GenerateDataKey'].map(
  (action): Call => ({
    action,
    resources: [key],
    context: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' },
  }),
);
/** Athena's calls with the permissions of who asks it, in this account and for the tables that senders fill. */
const byAthena = [
  ...forwardedKinds.flatMap((kind) => readTable(scope.database, config.tables[kind], `statsig/${kind}/b`)),
  ...query(scope.workgroup, scope.bucket, 'query-results/'),
]
  .filter(({ action }) => !action.startsWith('kms:') && action !== 's3:ListBucket')
  .map(({ action, resources }): Call => {
    const names = resources.filter((resource) => !resource.endsWith('/default'));
    const here = names.map((resource) =>
      resource
        .replace(scope.account, ACCOUNT)
        .replace(scope.region, 'us-east-1')
        .replace(scope.bucket, config.bucket)
        .replace(/statsig\/(exposures|events)\//, (_, kind: ForwardedKind) => tableFolder(config, kind)),
    );
    return { action, resources: here };
  });

/**
 * Calls that no story makes, by role: those after a fault in the middle of an upload, of days in pieces, with names that
 * only this configuration has, and of AWS's services. Stories make the others, and fail if a role does not allow one.
 */
const CALLS: Readonly<Record<string, readonly Call[]>> = {
  // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
  LandingDeliveryRole: [
    ...['GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'].map((action) =>
      object(action, config.bucket),
    ),
    object('AbortMultipartUpload', own('landing/2026/a')),
    object('GetObject', own('landing/2026/a')),
    {
      action: 'logs:PutLogEvents',
      resources: [
        `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/kinesisfirehose/sluice-local-landing:log-stream:DestinationDelivery`,
      ],
    },
  ],
  RegisterRole: [ofTables('BatchUpdatePartition', config.tables.exposures, config.tables.quarantine)],
  WriteRole: [
    object('GetObject', own('damaged/a'), own(`${LANDING_NOTES}a`)),
    object('PutObject', own('quarantine-large/a'), own(`${LANDING_NOTES}a`)),
    object('DeleteObject', own(`${LANDING_NOTES}a`)),
    object('DeleteObject', ...tableKinds.map((kind) => own(`${tableFolder(config, kind)}a`))),
    queue('write'),
  ],
  ReconcileRole: byAthena,
  IngestPlanRole: [inRole],
  IngestTriggerRole: [object('DeleteObject', own('ledger/acme/trigger.json'))],
  IngestLoadRole: [
    ...['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'].map((action) =>
      object(action, own('ledger/_loads/a')),
    ),
    object('GetObject', own('statsig/ingested/a')),
    object('AbortMultipartUpload', own('statsig/ingested/a'), own('quarantine/a')),
    object('DeleteObject', own('quarantine/a')),
    object('PutObject', 'acme-drops/sluice-receipts/a'),
    queue('ingest-load'),
    inRole,
    ...byCustomersKey,
  ],
  ExportRole: [
    ...['PutObject', 'PutObjectAcl', 'DeleteObject', 'AbortMultipartUpload'].map((action) =>
      object(action, 'acme-drops/out-daily/a'),
    ),
    inRole,
    ...byCustomersKey,
  ],
  CuratePlanRole: [ofTables('UpdateTable', 'experiment_exposures', 'first_exposures', 'secondary_exposures')],
  CurateRole: [
    ...forwardedKinds.flatMap((kind) => {
      const table = config.curatedTables[kind];
      const folder = own(`${ingestedTableFolder(config, table)}a`);
      const note = own(`${VERSION_NOTES}2026-11-20/${table}/a`);
      return [
        object('GetObject', own(`${tableFolder(config, kind)}a`), folder),
        ...['PutObject', 'DeleteObject'].map((action) => object(action, folder, note)),
        object('AbortMultipartUpload', folder),
        ...['GetTable', 'GetPartitions', 'BatchCreatePartition', 'BatchUpdatePartition'].map((action) =>
          ofTables(action, table),
        ),
      ];
    }),
    queue('curate'),
  ],
  RelayRole: [
    queue('relay-dead-letters'),
    object('DeleteObject', own('relay/waiting/a')),
    { ...object('ListBucket', config.bucket), context: { 's3:prefix': 'relay/waiting/a' } },
  ],
};

describe('a role allows each call', () => {
  const ofKey: Document = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  };
  const refused = async (logicalId: string, calls: readonly Call[]) => {
    const found = roles.find((candidate) => candidate.logicalId === logicalId);
    if (found === undefined) throw new Error(`The template has no ${logicalId}.`);
    const policy: Document = { Version: '2012-10-17', Statement: found.statements };
    const verdicts = await Promise.all(
      calls.map(async (call) => {
        const resourcePolicy = call.action.startsWith('kms:') ? ofKey : undefined;
        const caller = { principal: found.arn, policies: [policy], resourcePolicy };
        return [call, await decideCall({ ...caller, resourceAccount: ACCOUNT }, call)] as const;
      }),
    );
    return verdicts.filter(([, verdict]) => verdict !== 'Allowed').map(([call]) => call);
  };

  it.each(Object.entries(CALLS))('of %s that no story makes', async (logicalId, calls) => {
    expect(calls.length).toBeGreaterThan(0);
    expect(await refused(logicalId, calls)).toEqual([]);
  });

  const targetSchema = z.object({
    Arn: z.string(),
    RoleArn: z.string(),
    DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
  });
  const targets = template.resources
    .filter(({ type }) => type === 'AWS::Scheduler::Schedule')
    .map(({ properties }) => targetSchema.parse(properties['Target']));

  it('of a schedule to its target, and to its dead letters', async () => {
    const queued = targets.flatMap(({ DeadLetterConfig, ...target }) =>
      DeadLetterConfig === undefined ? [] : [{ ...target, deadLetters: DeadLetterConfig.Arn }],
    );
    expect(queued.length).toBeGreaterThan(8);
    for (const { Arn, RoleArn, deadLetters } of queued) {
      const own = roles.find(({ arn }) => arn === RoleArn);
      const call = { action: 'sqs:SendMessage', resources: [Arn, deadLetters] };
      expect(await refused(own?.logicalId ?? RoleArn, [call])).toEqual([]);
    }
  });
});

describe('each action of a role is one that an adapter of its function calls', () => {
  const called = new Map<string, ReadonlySet<string>>();
  beforeAll(async () => {
    const { metafile } = await build({
      absWorkingDir: projectRoot,
      entryPoints: functionNames.map((name) => `functions/${name}/handler.ts`),
      outdir: 'out',
      write: false,
      metafile: true,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      external: ['#config'],
      logLevel: 'silent',
    });
    for (const { entryPoint = '', inputs } of Object.values(metafile.outputs)) {
      const own = Object.keys(inputs).map((input) => join(projectRoot, input));
      called.set(basename(dirname(entryPoint)), calledActions(own));
    }
  });

  it.each(functionNames)('%s', (name) => {
    const own = roles.find(({ logicalId }) => logicalId === roleOf(name));
    const allowed = new Set(own?.statements.flatMap(({ Action }) => Action));
    expect(allowed.size).toBeGreaterThan(3);
    expect([...allowed].filter((action) => called.get(name)?.has(action) !== true)).toEqual([]);
  });
});
