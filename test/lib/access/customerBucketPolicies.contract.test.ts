import { describe, expect, it } from '@jest/globals';
import {
  exportTargetPolicies,
  ingestSourcePolicies,
} from '../../../lib/access/buckets/customerBucketPolicies.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { acmeSource, eventsDataset, exportTo } from '../../harness/configInput.ts';
import { list, locate, object } from './calls.ts';
import { type Call, decideCall } from './decideCall.ts';

const OURS = 'arn:aws:iam::111122223333:role/ingest';
const BUCKET = 'customer-exports';
const KEY = 'arn:aws:kms:eu-west-1:444455556666:key/00000000-1111-2222-3333-444455556666';
const other = { partition: 'aws', region: 'eu-west-1', bucket: BUCKET, principal: OURS, keyArn: KEY };

const decide = (
  call: Call,
  ours: PolicyDocument | undefined,
  theirs: PolicyDocument | undefined,
  principal = OURS,
) =>
  decideCall(
    {
      principal,
      policies: ours === undefined ? [] : [ours],
      resourceAccount: '444455556666',
      resourcePolicy: theirs,
    },
    call,
  );

const onKey = (action: string, via = 's3'): Call => ({
  action: `kms:${action}`,
  resources: [KEY],
  context: { 'kms:ViaService': `${via}.eu-west-1.amazonaws.com` },
});
const FILE = 'events/2026-11-20/a.parquet';

describe.each([
  [
    'ingestion',
    ingestSourcePolicies(other),
    [list('events/', BUCKET), object('GetObject', FILE, BUCKET)],
    [onKey('Decrypt')],
    [
      locate(BUCKET),
      object('PutObject', FILE, BUCKET),
      object('DeleteObject', FILE, BUCKET),
      onKey('GenerateDataKey'),
    ],
  ],
  [
    'ingestion with receipts',
    ingestSourcePolicies({ ...other, receiptFolder: 'sluice-receipts/' }),
    [
      list('events/', BUCKET),
      object('GetObject', FILE, BUCKET),
      object('PutObject', 'sluice-receipts/events/2026-11-20/x.json', BUCKET),
    ],
    [onKey('Decrypt'), onKey('GenerateDataKey')],
    [
      object('PutObject', FILE, BUCKET),
      object('PutObject', 'sluice-receipts', BUCKET),
      object('DeleteObject', 'sluice-receipts/events/2026-11-20/x.json', BUCKET),
    ],
  ],
  [
    'export',
    exportTargetPolicies(other),
    [
      list('events/', BUCKET),
      { action: 's3:ListBucketMultipartUploads', resources: [`arn:aws:s3:::${BUCKET}`] },
      ...['PutObject', 'PutObjectAcl', 'DeleteObject', 'AbortMultipartUpload'].map((action) =>
        object(action, FILE, BUCKET),
      ),
    ],
    [onKey('Decrypt'), onKey('GenerateDataKey')],
    [
      locate(BUCKET),
      ...['GetObject', 'DeleteObjectVersion', 'ListMultipartUploadParts'].map((action) =>
        object(action, FILE, BUCKET),
      ),
      { action: 's3:PutBucketPolicy', resources: [`arn:aws:s3:::${BUCKET}`] },
      onKey('Decrypt', 'secretsmanager'),
    ],
  ],
])('%s across accounts', (name, { bucketPolicy, keyPolicy, callerPolicy }, onBucket, onTheKey, mustNot) => {
  const sides: [Call, PolicyDocument | undefined][] = [
    ...onBucket.map((call): [Call, PolicyDocument] => [call, bucketPolicy]),
    ...onTheKey.map((call): [Call, PolicyDocument | undefined] => [call, keyPolicy]),
  ];

  it('is allowed where both sides allow it', async () => {
    for (const [call, theirs] of sides)
      expect([call, await decide(call, callerPolicy, theirs)]).toEqual([call, 'Allowed']);
  });

  it('is denied where only one side allows it, for the bucket and for its key', async () => {
    for (const [call, theirs] of sides) {
      expect([call, await decide(call, callerPolicy, undefined)]).toEqual([call, 'ImplicitlyDenied']);
      expect([call, await decide(call, undefined, theirs)]).toEqual([call, 'ImplicitlyDenied']);
    }
  });

  it('is denied to every other principal of our account', async () => {
    for (const [call, theirs] of sides)
      expect([
        call,
        await decide(call, callerPolicy, theirs, 'arn:aws:iam::111122223333:role/collect'),
      ]).toEqual([call, 'ImplicitlyDenied']);
  });

  it('is limited to the necessary actions', async () => {
    for (const call of mustNot) {
      const theirs = call.action.startsWith('kms:') ? keyPolicy : bucketPolicy;
      expect([call, await decide(call, callerPolicy, theirs)]).toEqual([call, 'ImplicitlyDenied']);
    }
  });

  it('needs no key permission for a bucket without a key', () => {
    const bare = { ...other, keyArn: undefined };
    for (const made of [ingestSourcePolicies(bare), exportTargetPolicies(bare)]) {
      expect(made.keyPolicy).toBeUndefined();
      expect(JSON.stringify(made)).not.toContain('kms');
    }
  });

  it('allows the key in its own region, whatever our region is', async () => {
    const elsewhere = { ...other, region: 'us-east-1' };
    const made = name === 'ingestion' ? ingestSourcePolicies(elsewhere) : exportTargetPolicies(elsewhere);
    for (const call of onTheKey)
      expect([call, await decide(call, made.callerPolicy, made.keyPolicy)]).toEqual([call, 'Allowed']);
  });
});

describe('what a configured customer is told to grant', () => {
  const ACCOUNT = '111122223333';
  const role = { arn: 'arn:aws:iam::444455556666:role/sluice', externalId: 'deployment-7' };
  const our = (logicalId: string, stack = 'sluice-prod') =>
    `arn:aws:iam::${ACCOUNT}:role/${stack}-${logicalId}-1A2B3C4D5E6F7`;
  const configured = (more: object = {}, dataset: object = {}) =>
    defineConfig({
      bucket: 'acme-experiments',
      region: 'eu-west-1',
      sources: [
        acmeSource({
          bucket: BUCKET,
          kmsKeyArn: KEY,
          receipt: 'sluice-receipts',
          datasets: [
            eventsDataset({ folder: 'drops/events', ...dataset }),
            eventsDataset({ name: 'clicks', folder: 'lake/clicks/country=DE' }),
          ],
          ...more,
        }),
      ],
      exports: [
        exportTo({ bucket: BUCKET, kmsKeyArn: KEY, folder: 'only/here', ...more }, { table: 'acme_events' }),
      ],
    });
  const print = (target: 'ingest-source' | 'export-target', config = configured(), stack = 'sluice-prod') => {
    const known = { region: 'eu-west-1', stack, account: ACCOUNT };
    const documents = printedPolicies(target, config, known);
    return (name: string) => documents.find((candidate) => candidate.name === name)?.document;
  };
  /** Our role may do everything there by its own policy, so that the customer's side decides. */
  const everything: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['*'], Resource: ['*'] }],
  };
  const lets = async (call: Call, theirs: PolicyDocument | undefined, principal: string) =>
    (await decide(call, everything, theirs, principal)) === 'Allowed';

  it('is to read the folders of datasets, to the roles of the ingest alone', async () => {
    const named = print('ingest-source');
    const bucketPolicy = named('bucketPolicy');
    const keyPolicy = named('keyPolicy');
    const needed: Call[] = [
      ...['drops/events/', 'drops/events/2026-11-20/', 'lake/clicks/_delta_log/'].map((prefix) =>
        list(prefix, BUCKET),
      ),
      object('GetObject', 'drops/events/2026-11-20/a.parquet', BUCKET),
      object('GetObject', 'lake/clicks/country=DE/2026-11-20/a.parquet', BUCKET),
      object('PutObject', 'sluice-receipts/events/x.json', BUCKET),
    ];
    const others: Call[] = [
      locate(BUCKET),
      list('drops/', BUCKET),
      list('payroll/', BUCKET),
      object('GetObject', 'payroll/2026.parquet', BUCKET),
      object('GetObject', 'drops/events.parquet', BUCKET),
      object('PutObject', 'drops/events/2026-11-20/a.parquet', BUCKET),
    ];
    for (const id of ['IngestPlanRole', 'IngestLoadRole']) {
      for (const call of needed)
        expect([call, await lets(call, bucketPolicy, our(id))]).toEqual([call, true]);
      for (const call of others)
        expect([call, await lets(call, bucketPolicy, our(id))]).toEqual([call, false]);
      expect(await lets(onKey('Decrypt'), keyPolicy, our(id))).toBe(true);
    }
    for (const principal of [
      our('CollectRole'),
      our('IngestLoadRole', 'sluice-dev'),
      `arn:aws:iam::${ACCOUNT}:role/admin`,
    ]) {
      for (const call of needed) expect(await lets(call, bucketPolicy, principal)).toBe(false);
      expect(await lets(onKey('Decrypt'), keyPolicy, principal)).toBe(false);
    }
    // The names of roles that CloudFormation cuts are matched, too.
    const long = `sluice-${'s'.repeat(32)}`;
    const cut = our('IngestLoadRole', long.slice(0, 24));
    const [first = list('drops/events/', BUCKET)] = needed;
    expect(await lets(first, print('ingest-source', configured(), long)('bucketPolicy'), cut)).toBe(true);
  });

  it('is to write the folder of the export, with the actions that it calls', async () => {
    const bucketPolicy = print('export-target')('bucketPolicy');
    expect(bucketPolicy?.Statement.flatMap(({ Action }) => Action).sort()).toEqual(
      [
        'AbortMultipartUpload',
        'DeleteObject',
        'ListBucket',
        'ListBucketMultipartUploads',
        'PutObject',
        'PutObjectAcl',
      ].map((name) => `s3:${name}`),
    );
    for (const [path, expected] of [
      ['only/here/2026-11-20/a.parquet', true],
      ['only/there/a.parquet', false],
      ['a.parquet', false],
    ] as const) {
      const call = object('PutObject', path, BUCKET);
      expect([path, await lets(call, bucketPolicy, our('ExportRole'))]).toEqual([path, expected]);
    }
    expect(await lets(list('only/here/', BUCKET), bucketPolicy, our('ExportRole'))).toBe(true);
    expect(await lets(list('only/', BUCKET), bucketPolicy, our('ExportRole'))).toBe(false);
    expect(await lets(list('only/here/', BUCKET), bucketPolicy, our('IngestLoadRole'))).toBe(false);
  });

  it('is a role that trusts ours alone, with the external ID, and may do no more', () => {
    for (const [target, ids] of [
      ['ingest-source', ['IngestPlanRole', 'IngestLoadRole']],
      ['export-target', ['ExportRole']],
    ] as const) {
      const named = print(target, configured({ role }));
      expect(named('roleTrust')?.Statement).toMatchObject([
        {
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          Condition: {
            StringEquals: { 'sts:ExternalId': 'deployment-7' },
            ArnLike: {
              'aws:PrincipalArn': ids.map((id) => `arn:aws:iam::${ACCOUNT}:role/sluice-prod-${id}-*`),
            },
          },
        },
      ]);
      const actions = named('rolePermissions')?.Statement.flatMap(({ Action }) => Action) ?? [];
      for (const none of ['s3:GetBucketLocation', 's3:PutObjectAcl', 's3:DeleteObjectVersion'])
        expect(actions).not.toContain(none);
      expect(JSON.stringify(named('rolePermissions'))).not.toContain(`${BUCKET}/*`);
    }
  });
});
