import { describe, expect, it } from '@jest/globals';
import {
  exportTargetPolicies,
  ingestSourcePolicies,
} from '../../../lib/access/buckets/customerBucketPolicies.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { acmeSource, eventsDataset, exportTo, type SourceInput } from '../../harness/configInput.ts';
import { list, locate, object } from './calls.ts';
import { type Call, decideCall, decides } from './decideCall.ts';

const OURS = 'arn:aws:iam::111122223333:role/ingest';
const BUCKET = 'customer-exports';
const KEY = 'arn:aws:kms:eu-west-1:444455556666:key/00000000-1111-2222-3333-444455556666';
const other = { partition: 'aws', bucket: BUCKET, principal: OURS, keyArn: KEY };

/**
 * Decides on a call of our account into the customer's.
 *
 * @param ours The policy of the caller.
 * @param theirs The policy of the customer's bucket or key.
 */
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

/** What Sluice does in the bucket of another account. */
interface Use {
  readonly use: string;
  readonly policies: ReturnType<typeof ingestSourcePolicies>;
  /** Calls on the bucket and on its key. */
  readonly needed: readonly Call[];
  readonly mustNot: readonly Call[];
}

const RECEIPT = 'sluice-receipts/events/2026-11-20/x.json';
const uses: readonly Use[] = [
  {
    use: 'ingestion',
    policies: ingestSourcePolicies(other),
    needed: [list('events/', BUCKET), object('GetObject', FILE, BUCKET), onKey('Decrypt')],
    mustNot: [
      locate(BUCKET),
      object('PutObject', FILE, BUCKET),
      object('DeleteObject', FILE, BUCKET),
      onKey('GenerateDataKey'),
    ],
  },
  {
    use: 'ingestion with receipts',
    policies: ingestSourcePolicies({ ...other, receiptFolder: 'sluice-receipts/' }),
    needed: [
      list('events/', BUCKET),
      object('GetObject', FILE, BUCKET),
      object('PutObject', RECEIPT, BUCKET),
      onKey('Decrypt'),
      onKey('GenerateDataKey'),
    ],
    mustNot: [
      object('PutObject', FILE, BUCKET),
      object('PutObject', 'sluice-receipts', BUCKET),
      object('DeleteObject', RECEIPT, BUCKET),
    ],
  },
  {
    use: 'export',
    policies: exportTargetPolicies(other),
    needed: [
      list('events/', BUCKET),
      { action: 's3:ListBucketMultipartUploads', resources: [`arn:aws:s3:::${BUCKET}`] },
      ...['PutObject', 'PutObjectAcl', 'DeleteObject', 'AbortMultipartUpload'].map((action) =>
        object(action, FILE, BUCKET),
      ),
      onKey('Decrypt'),
      onKey('GenerateDataKey'),
    ],
    mustNot: [
      locate(BUCKET),
      ...['GetObject', 'DeleteObjectVersion', 'ListMultipartUploadParts'].map((action) =>
        object(action, FILE, BUCKET),
      ),
      { action: 's3:PutBucketPolicy', resources: [`arn:aws:s3:::${BUCKET}`] },
      onKey('Decrypt', 'secretsmanager'),
    ],
  },
];

const isOfKey = ({ action }: Call) => action.startsWith('kms:');

describe.each(uses)('$use across accounts', ({ policies, needed, mustNot }) => {
  const { callerPolicy, keyPolicy, bucketPolicy } = policies;
  const theirs = (call: Call) => (isOfKey(call) ? keyPolicy : bucketPolicy);
  const bySides = (call: Call) => decide(call, callerPolicy, theirs(call));

  it('is allowed where both sides allow it', async () => {
    await decides(needed, 'Allowed', bySides);
  });

  it('is denied where only one side allows it, for the bucket and for its key', async () => {
    const byOurs = (call: Call) => decide(call, callerPolicy, undefined);
    const byTheirs = (call: Call) => decide(call, undefined, theirs(call));
    await decides(needed, 'ImplicitlyDenied', byOurs);
    await decides(needed, 'ImplicitlyDenied', byTheirs);
  });

  it('is denied to every other principal of our account', async () => {
    const collect = 'arn:aws:iam::111122223333:role/collect';
    const byCollect = (call: Call) => decide(call, callerPolicy, theirs(call), collect);
    await decides(needed, 'ImplicitlyDenied', byCollect);
  });

  it('is limited to the necessary actions', async () => {
    await decides(mustNot, 'ImplicitlyDenied', bySides);
  });

  it('needs no key permission for a bucket without a key', () => {
    const bare = { ...other, keyArn: undefined };
    for (const made of [ingestSourcePolicies(bare), exportTargetPolicies(bare)]) {
      expect(made.keyPolicy).toBeUndefined();
      expect(JSON.stringify(made)).not.toContain('kms');
    }
  });
});

it.each([
  { use: 'ingestion', make: ingestSourcePolicies },
  { use: 'export', make: exportTargetPolicies },
])('$use has no policy for an alias, which says nothing of its region', ({ make }) => {
  expect(() => make({ ...other, keyArn: 'alias/exports' })).toThrow(RangeError);
});

describe('what a configured customer is told to grant', () => {
  const ACCOUNT = '111122223333';
  const role = { arn: 'arn:aws:iam::444455556666:role/sluice', externalId: 'deployment-7' };
  const our = (logicalId: string, stack = 'sluice-prod') =>
    `arn:aws:iam::${ACCOUNT}:role/${stack}-${logicalId}-1A2B3C4D5E6F7`;
  const configured = (more: Pick<SourceInput, 'role'> = {}) =>
    defineConfig({
      bucket: 'acme-experiments',
      region: 'eu-west-1',
      sources: [
        acmeSource({
          bucket: BUCKET,
          kmsKeyArn: KEY,
          receipt: 'sluice-receipts',
          datasets: [
            eventsDataset({ folder: 'drops/events' }),
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
  const decideBy = (theirs: PolicyDocument | undefined, principal: string) => (call: Call) =>
    decide(call, everything, theirs, principal);

  describe('for a source', () => {
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

    it.each(['IngestPlanRole', 'IngestLoadRole'])(
      'is to let %s read the folders of datasets, and nothing else',
      async (role) => {
        const ofBucket = decideBy(bucketPolicy, our(role));
        await decides(needed, 'Allowed', ofBucket);
        await decides(others, 'Denied', ofBucket);
        expect(await decideBy(keyPolicy, our(role))(onKey('Decrypt'))).toBe('Allowed');
      },
    );

    it.each([our('CollectRole'), our('IngestLoadRole', 'sluice-dev'), `arn:aws:iam::${ACCOUNT}:role/admin`])(
      'is not to let %s in',
      async (principal) => {
        await decides(needed, 'Denied', decideBy(bucketPolicy, principal));
        expect(await decideBy(keyPolicy, principal)(onKey('Decrypt'))).toMatch(/Denied$/);
      },
    );

    it('is to let a role in whose name CloudFormation cuts', async () => {
      const long = `sluice-${'s'.repeat(32)}`;
      const cut = our('IngestLoadRole', long.slice(0, 24));
      const policy = print('ingest-source', configured(), long)('bucketPolicy');
      await decides(needed, 'Allowed', decideBy(policy, cut));
    });
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
    const inFolder = [
      object('PutObject', 'only/here/2026-11-20/a.parquet', BUCKET),
      list('only/here/', BUCKET),
    ];
    const elsewhere = [
      object('PutObject', 'only/there/a.parquet', BUCKET),
      object('PutObject', 'a.parquet', BUCKET),
      list('only/', BUCKET),
    ];
    const ofExport = decideBy(bucketPolicy, our('ExportRole'));
    await decides(inFolder, 'Allowed', ofExport);
    await decides(elsewhere, 'Denied', ofExport);
    const ofLoad = decideBy(bucketPolicy, our('IngestLoadRole'));
    await decides(inFolder, 'Denied', ofLoad);
  });

  it.each([
    { target: 'ingest-source', ids: ['IngestPlanRole', 'IngestLoadRole'] },
    { target: 'export-target', ids: ['ExportRole'] },
  ] as const)(
    'is a role that trusts ours alone, with the external ID, and may do no more: $target',
    ({ target, ids }) => {
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
    },
  );
});
