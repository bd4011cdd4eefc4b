import { describe, expect, it } from '@jest/globals';
import { resources } from '../../../infra/resources.ts';
import { ingestRoles, WIDTHS, type Width } from '../../../infra/roles/dropRoles.ts';
import { requireSessionPoliciesFit } from '../../../infra/serverless/requirements.ts';
import { customerSession, exportSession, loadSession } from '../../../lib/access/sessionPolicies.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { refusedRowsKey } from '../../../lib/tables/tableFolders.ts';
import { parseTemplate, resolveTemplate } from '../../../packages/local-aws/src/template/index.ts';
import { acmeSource, eventsDataset, exportTo, type SourceInput } from '../../harness/configInput.ts';
import { readPolicies } from '../../permissions/Policies.ts';
import { type Document, decideCall } from './decideCall.ts';

const OURS = '999999999999';
const ROLE = `arn:aws:sts::${OURS}:assumed-role/sluice-dev-IngestLoadRole-X/session`;
const OWN = 'own-bucket';
const DAY = '2026-11-19';
const place = { partition: 'aws', account: OURS, bucket: OWN, encryption: 'kms' as const, keyArn: null };
const key = (account: string) => `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const VIA = { 'kms:ViaService': 's3.us-east-1.amazonaws.com' };
/** A customer's role, which may do far more than we need. */
const everything: typeof LOAD = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }],
};

const source = (name: string, owner: string, more: Partial<SourceInput> = {}) =>
  acmeSource({
    name,
    owner,
    bucket: `${name}-drops`,
    kmsKeyArn: key(owner),
    receipt: 'sluice-receipts',
    datasets: ['events', 'events-2'].map((one) => eventsDataset({ name: one, folder: `in/${one}` })),
    ...more,
  });
const ROLE_OF = (owner: string) => `arn:aws:iam::${owner}:role/sluice`;
const byRole = (owner: string) => ({ role: { arn: ROLE_OF(owner), externalId: 'made-by-us' } });
const config = defineConfig({
  bucket: OWN,
  sources: [
    source('acme', '111111111111'),
    source('acme-2', '222222222222'),
    source('third', '333333333333', byRole('333333333333')),
  ],
  exports: [
    ...['acme', 'acme-2'].map((name, i) =>
      exportTo(
        { bucket: `${name}-warehouse`, owner: `${i + 1}`.repeat(12) },
        { name, table: `${name.replace('-', '_')}_events` },
      ),
    ),
    exportTo({ owner: '111111111111' }, { name: 'sdks', table: 'statsig_forwarded_exposures' }),
  ],
});
const [acme, , third] = config.sources;
const [dataset] = acme?.datasets ?? [];
const [ofThird] = third?.datasets ?? [];
const [exported, , ofSdks] = config.exports;
if (!acme || !third || !dataset || !ofThird || !exported || !ofSdks) throw new Error('no source');

/** Permissions of each role of the template. */
const made = resources({ config, service: 'sluice', stage: 'dev' });
const needed = /^(Ingest.*|Export)(Role|Queue|DeadLetterQueue)$|^(DataBucket|DataKey|Database|KeysSecret)$/;
const rolesOf = (Resources: typeof made.Resources) =>
  readPolicies(
    resolveTemplate(
      parseTemplate({
        // Without what serverless.yml makes, and what refers to it.
        Resources: Object.fromEntries(Object.entries(Resources).filter(([id]) => needed.test(id))),
        Outputs: {},
      }),
      {
        region: 'us-east-1',
        account: OURS,
        partition: 'aws',
        stackName: 'sluice-dev',
        endpoint: 'http://127.0.0.1',
      },
    ),
  ).roles;
const roles = rolesOf(made.Resources);
const statementsOf = (id: string, stackRoles = roles) => ({
  Version: '2012-10-17' as const,
  Statement: stackRoles.find(({ logicalId }) => logicalId === id)?.statements ?? [],
});
/** The role of the load, as wide as it is for so many sources that IAM takes no narrower one. */
const wideLoad = (width: Width) => {
  const stack = { config: { ...config, account: OURS }, service: 'sluice', stage: 'dev' };
  return statementsOf('IngestLoadRole', rolesOf({ ...made.Resources, ...ingestRoles(stack, width) }));
};
/** The stack's. */
const ownKey =
  roles
    .flatMap(({ statements }) => statements.flatMap(({ Resource = [] }) => Resource))
    .find((arn) => arn.includes(`:kms:us-east-1:${OURS}:key/`)) ?? '';
const LOAD = statementsOf('IngestLoadRole');
const EXPORT = statementsOf('ExportRole');

/** Decides a call of a role's session, where the resources' owners allow everything. */
function decided(policy: string, role: typeof LOAD) {
  return (action: string, resource: string, context: Readonly<Record<string, string>> = {}) =>
    decideCall(
      {
        principal: ROLE,
        policies: [role],
        sessionPolicy: JSON.parse(policy),
        resourceAccount: OURS,
        // Keys and roles let nobody by without their word.
        resourcePolicy: /^(kms|sts):/.test(action) ? lets(action, resource) : undefined,
      },
      { action, resources: [resource], context },
    );
}
const lets = (Action: string, Resource: string) => ({
  Version: '2012-10-17' as const,
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${OURS}:root` }, Action, Resource }],
});
type Asked = readonly [action: string, resource: string, context?: Readonly<Record<string, string>>];
async function allowedOf(policy: string, calls: readonly Asked[], role = LOAD): Promise<string[]> {
  const decide = decided(policy, role);
  const words = await Promise.all(calls.map((call) => decide(...call)));
  return calls.flatMap(([action, resource, context], i) =>
    words[i] === 'Allowed' ? [[action, resource, context?.['s3:prefix'] ?? ''].join(' ').trim()] : [],
  );
}

/** Calls of the load of a source's dataset. */
const loadCalls = (name: string, data: string, table: string, owner: string): readonly Asked[] => {
  const landed = `arn:aws:s3:::${OWN}/statsig/ingested/${table}/${DAY}/v1/part-0.parquet`;
  const note = versionNoteKey({ due: 0, table, day: DAY, version: 'v1' });
  const refused = refusedRowsKey(config, { table, day: DAY, fingerprint: 'f', receivedAt: 0 });
  const drops = `arn:aws:s3:::${name}-drops`;
  const folder = `in/${data}/`;
  const ledger = `ledger/${name}/${data}/${DAY}.json`;
  return [
    ['s3:GetObject', `${drops}/${folder}${DAY}/a.parquet`],
    ['s3:ListBucket', drops, { 's3:prefix': `${folder}2026-11-` }],
    ['kms:Decrypt', key(owner), VIA],
    ['s3:GetObject', `arn:aws:s3:::${OWN}/${ledger}`],
    ['s3:PutObject', `arn:aws:s3:::${OWN}/${ledger}`],
    ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': ledger }],
    ['s3:PutObject', landed],
    ['s3:AbortMultipartUpload', landed],
    // What an emptied day keeps.
    ['s3:GetObject', landed],
    ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': `statsig/ingested/${table}/${DAY}/v1/` }],
    ['s3:PutObject', `arn:aws:s3:::${OWN}/${note}`],
    ['s3:DeleteObject', `arn:aws:s3:::${OWN}/${note}`],
    ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': note }],
    ['s3:PutObject', `arn:aws:s3:::${OWN}/${refused}`],
    ['s3:DeleteObject', `arn:aws:s3:::${OWN}/${refused}`],
    ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': refused }],
    ['glue:GetTable', `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`],
    ['glue:GetPartitions', `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`],
    ['glue:BatchUpdatePartition', `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`],
    ['glue:BatchCreatePartition', `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`],
  ];
};
/** Calls that are forbidden to every session of one dataset. */
const nobodys: readonly Asked[] = [
  ['s3:ListBucket', `arn:aws:s3:::${OWN}`],
  ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': '' }],
  ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': 'ledger/' }],
  ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': 'ledger/_versions/' }],
  ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': 'quarantine/' }],
  ['s3:ListBucket', 'arn:aws:s3:::acme-drops'],
  ['s3:ListBucket', 'arn:aws:s3:::acme-drops', { 's3:prefix': 'in/' }],
  ['s3:ListBucket', 'arn:aws:s3:::acme-drops', { 's3:prefix': 'in/events' }],
  ['s3:GetObject', `arn:aws:s3:::${OWN}/statsig/statsig_forwarded_events/x/${DAY}/a`],
  ['s3:GetObject', `arn:aws:s3:::${OWN}/quarantine/${DAY}/a`],
  ['s3:PutObject', `arn:aws:s3:::${OWN}/ledger/acme/trigger.json`],
  ['s3:PutObject', 'arn:aws:s3:::acme-drops/in/events/x'],
  ['sqs:SendMessage', `arn:aws:sqs:us-east-1:${OURS}:sluice-dev-ingest-load`],
  ['sts:AssumeRole', `arn:aws:iam::${OURS}:role/sluice-dev-IngestLoadRole-X`],
  ['sts:AssumeRole', ROLE_OF('333333333333')],
];
const named = (calls: readonly Asked[]) =>
  calls.map(([action, resource, context]) =>
    [action, resource, context?.['s3:prefix'] ?? ''].join(' ').trim(),
  );

describe('the session policy of a load', () => {
  const own = loadCalls('acme', 'events', 'acme_events', '111111111111');
  const others = [
    // Names that begin alike.
    ...loadCalls('acme', 'events-2', 'acme_events_2', '222222222222'),
    ...loadCalls('acme-2', 'events', 'acme_2_events', '222222222222'),
    ...loadCalls('third', 'events', 'third_events', '333333333333'),
  ];

  it('allows everything necessary for its own dataset and nothing for another', async () => {
    const policy = loadSession(place, config, acme, dataset);
    expect(await allowedOf(policy, own)).toEqual(named(own));
    expect(await allowedOf(policy, others)).toEqual([]);
    expect(await allowedOf(policy, nobodys)).toEqual([]);
    expect(await allowedOf(policy, [['kms:GenerateDataKey', ownKey, VIA]])).toHaveLength(1);
  });

  it.each(WIDTHS)(
    'allows the same where the role may do more, as there are many sources: %s',
    async (width) => {
      const policy = loadSession(place, config, acme, dataset);
      const role = wideLoad(width);
      const callsOf = (calls: readonly Asked[], owner: string) =>
        calls.map(([action, resource, context = {}]): Asked => {
          const account = resource.includes('-drops') ? owner : OURS;
          return [
            action,
            resource,
            action.startsWith('s3:') ? { ...context, 's3:ResourceAccount': account } : context,
          ];
        });
      const foreign = '111111111111';
      expect(await allowedOf(policy, callsOf(own, foreign), role)).toEqual(named(own));
      expect(await allowedOf(policy, callsOf([...others, ...nobodys], foreign), role)).toEqual([]);
      // A bucket of that name that is of somebody else, or of the deployment's own account.
      const reading = own.filter(([, resource]) => resource.includes(':s3:::acme-drops'));
      for (const owner of ['999999999990', OURS])
        expect(await allowedOf(policy, callsOf(reading, owner), role)).toEqual(
          width === 'buckets' ? [] : named(reading),
        );
      // The whole role, without a session: the stack's own tables are not the load's.
      const glue = ['glue:BatchUpdatePartition', 'glue:BatchCreatePartition', 'glue:GetTable'];
      const tables = ['statsig_forwarded_events', 'curated_events', 'experiment_exposures', 'received_hours'];
      const ofStack = tables.flatMap((table) =>
        glue.map((action): Asked => [action, `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`]),
      );
      expect(await allowedOf(JSON.stringify(everything), ofStack, role)).toEqual([]);
    },
  );

  it('allows a customer’s role but not the bucket, and limits the role’s session to one folder', async () => {
    const policy = loadSession(place, config, third, ofThird);
    const theirs: readonly Asked[] = [
      ['s3:GetObject', `arn:aws:s3:::third-drops/in/events/${DAY}/a.parquet`],
      ['s3:ListBucket', 'arn:aws:s3:::third-drops', { 's3:prefix': 'in/events/' }],
    ];
    const decrypting: Asked = ['kms:Decrypt', key('333333333333'), VIA];
    expect(await allowedOf(policy, [...theirs, decrypting])).toEqual([]);
    const assuming: Asked = ['sts:AssumeRole', ROLE_OF('333333333333')];
    expect(await allowedOf(policy, [assuming])).toEqual(named([assuming]));
    expect(await allowedOf(policy, nobodys.slice(0, -1))).toEqual([]);

    const reading = customerSession(third, 'in/events/', 'read');
    expect(await allowedOf(reading, [...theirs, decrypting], everything)).toEqual(
      named([...theirs, decrypting]),
    );
    const beyond: readonly Asked[] = [
      ['s3:GetObject', 'arn:aws:s3:::third-drops/in/events-2/a'],
      ['s3:GetObject', 'arn:aws:s3:::third-payroll/in/events/a'],
      ['s3:ListBucket', 'arn:aws:s3:::third-drops'],
      ['s3:ListBucket', 'arn:aws:s3:::third-drops', { 's3:prefix': 'in/events' }],
      ['s3:PutObject', 'arn:aws:s3:::third-drops/in/events/a'],
      ['kms:Decrypt', key('222222222222')],
      ['iam:CreateUser', 'arn:aws:iam::333333333333:user/x'],
    ];
    expect(await allowedOf(reading, beyond, everything)).toEqual([]);
    // The plan only lists.
    const listing = customerSession(third, 'in/events/', 'list');
    expect(await allowedOf(listing, [...theirs, decrypting], everything)).toEqual(named(theirs.slice(1)));
  });

  it('allows writing its own receipts, and nothing else in the customer’s bucket', async () => {
    const receipt = (bucket: string, data: string) =>
      `arn:aws:s3:::${bucket}/sluice-receipts/${data}/${DAY}/x.json`;
    const writing: readonly Asked[] = [
      ['s3:PutObject', receipt('acme-drops', 'events')],
      ['kms:GenerateDataKey', key('111111111111'), VIA],
    ];
    const beyond = (name: string): readonly Asked[] => [
      ['s3:GetObject', receipt(`${name}-drops`, 'events')],
      ['s3:DeleteObject', receipt(`${name}-drops`, 'events')],
      ['s3:PutObject', receipt(`${name}-drops`, 'events-2')],
      ['s3:PutObject', receipt('acme-2-drops', 'events')],
      ['s3:PutObject', `arn:aws:s3:::${name}-drops/in/events/${DAY}/a.parquet`],
      ['s3:PutObject', `arn:aws:s3:::${name}-drops/sluice-receipts`],
      ['s3:ListBucket', `arn:aws:s3:::${name}-drops`, { 's3:prefix': 'sluice-receipts/events/' }],
      ['kms:GenerateDataKey', key('222222222222'), VIA],
    ];
    const policy = loadSession(place, config, acme, dataset);
    expect(await allowedOf(policy, [...writing, ...beyond('acme')])).toEqual(named(writing));
    // Without receipts, nothing is written.
    const { receipt: _, ...reads } = acme;
    expect(await allowedOf(loadSession(place, config, reads, dataset), writing.slice(0, 1))).toEqual([]);

    const theirs: readonly Asked[] = [
      ['s3:PutObject', receipt('third-drops', 'events')],
      ['kms:GenerateDataKey', key('333333333333'), VIA],
    ];
    const session = customerSession(third, 'sluice-receipts/events/', 'receipt');
    expect(await allowedOf(session, [...theirs, ...beyond('third')], everything)).toEqual(named(theirs));
    for (const purpose of ['list', 'read'] as const)
      expect(await allowedOf(customerSession(third, 'in/events/', purpose), theirs, everything)).toEqual([]);
  });

  it('allows reading Spark’s log in the dataset’s folder, and listing the one of its table', async () => {
    const calls = (folder: string): Asked[] => [
      ['s3:ListBucket', 'arn:aws:s3:::acme-drops', { 's3:prefix': `${folder}/_spark_metadata/` }],
      ['s3:GetObject', `arn:aws:s3:::acme-drops/${folder}/_spark_metadata/9.compact`],
    ];
    const both = [...calls('table/country=DE'), ...calls('table')];
    const policy = loadSession(place, config, acme, { ...dataset, folder: 'table/country=DE' });
    expect(await allowedOf(policy, both, everything)).toEqual(named(both.slice(0, 3)));
    const theirs = customerSession(acme, 'table/country=DE/', 'read');
    expect(await allowedOf(theirs, both, everything)).toEqual(named(both.slice(0, 3)));
  });

  it('allows listing the metadata folder of an Iceberg table, but not reading it', async () => {
    const calls: readonly Asked[] = [
      ['s3:ListBucket', 'arn:aws:s3:::acme-drops', { 's3:prefix': 'table/metadata/' }],
      ['s3:ListBucket', 'arn:aws:s3:::acme-drops', { 's3:prefix': 'table/' }],
      ['s3:GetObject', 'arn:aws:s3:::acme-drops/table/metadata/v1.metadata.json'],
    ];
    const policy = loadSession(place, config, acme, { ...dataset, folder: 'table/data' });
    expect(await allowedOf(policy, calls, everything)).toEqual(named(calls.slice(0, 1)));
    for (const purpose of ['list', 'read'] as const) {
      const theirs = customerSession(acme, 'table/data/', purpose);
      expect(await allowedOf(theirs, calls, everything)).toEqual(named(calls.slice(0, 1)));
    }
  });

  it('allows listing the log folder of a partitioned table, and nothing else of the table', async () => {
    const inBucket = (prefix: string): Asked => [
      's3:ListBucket',
      'arn:aws:s3:::acme-drops',
      { 's3:prefix': prefix },
    ];
    const logs = ['_delta_log', '.hoodie', 'metadata', '_spark_metadata'].map((name) =>
      inBucket(`table/${name}/`),
    );
    const calls = [...logs, inBucket('table/'), inBucket('table/country=FR/')];
    const policy = loadSession(place, config, acme, { ...dataset, folder: 'table/country=DE' });
    expect(await allowedOf(policy, calls, everything)).toEqual(named(logs));
  });

  it("is text that STS accepts, whatever the name of the customer's folder", async () => {
    const folder = 'ereignisse "日本" é';
    const policy = loadSession(place, config, acme, { ...dataset, folder });
    expect(policy).toMatch(/^[ -~]+$/);
    const decide = decided(policy, everything);
    expect(await decide('s3:GetObject', `arn:aws:s3:::acme-drops/${folder}/a`)).toBe('Allowed');
  });
});

describe("the session policy of a customer's role", () => {
  const owner = '333333333333';
  const resourcePolicy: Document = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${owner}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  };
  const actions = ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:PutKeyPolicy'];

  it.each([
    ['list', []],
    ['read', ['kms:Decrypt']],
    ['write', ['kms:Decrypt', 'kms:GenerateDataKey']],
    ['receipt', ['kms:Decrypt', 'kms:GenerateDataKey']],
  ] as const)("lets who may %s use the customer's key with %j alone", async (purpose, expected) => {
    const sessionPolicy: Document = JSON.parse(customerSession(third, 'in/events/', purpose) ?? '');
    const caller = { principal: ROLE_OF(owner), policies: [everything], sessionPolicy, resourcePolicy };
    const verdicts = await Promise.all(
      actions.map((action) => decideCall(caller, { action, resources: [key(owner)], context: VIA })),
    );
    expect(actions.filter((_, i) => verdicts[i] === 'Allowed')).toEqual(expected);
  });
});

describe('the session policy of an export', () => {
  const calls = (name: string, table: string): readonly Asked[] => [
    ['s3:GetObject', `arn:aws:s3:::${OWN}/statsig/ingested/${table}/${DAY}/v1/a.parquet`],
    ['s3:ListBucket', `arn:aws:s3:::${OWN}`, { 's3:prefix': `statsig/ingested/${table}/${DAY}/v1/` }],
    ['glue:GetPartitions', `arn:aws:glue:us-east-1:${OURS}:table/sluice/${table}`],
    ['s3:GetObject', `arn:aws:s3:::${OWN}/ledger/exports/${name}/${table}/${DAY}.json`],
    ['s3:PutObject', `arn:aws:s3:::${OWN}/ledger/exports/${name}/${table}/${DAY}.json`],
    ['s3:ListBucket', `arn:aws:s3:::${name}-warehouse`, { 's3:prefix': `${name}/${DAY}/` }],
    ['s3:ListBucketMultipartUploads', `arn:aws:s3:::${name}-warehouse`],
    ['s3:PutObject', `arn:aws:s3:::${name}-warehouse/${name}/${DAY}/a.parquet`],
    ['s3:DeleteObject', `arn:aws:s3:::${name}-warehouse/${name}/${DAY}/a.parquet`],
    ['s3:AbortMultipartUpload', `arn:aws:s3:::${name}-warehouse/${name}/${DAY}/a.parquet`],
  ];

  it('allows reading its table and writing its customer’s folder, and nothing of another export', async () => {
    const policy = exportSession(place, config, exported);
    const own = calls('acme', 'acme_events');
    expect(await allowedOf(policy, own, EXPORT)).toEqual(named(own));
    const beyond: readonly Asked[] = [
      ...calls('acme-2', 'acme_2_events'),
      ...nobodys,
      ['s3:GetObject', 'arn:aws:s3:::acme-warehouse/acme/x'],
      ['s3:PutObject', 'arn:aws:s3:::acme-warehouse/else/x'],
      ['s3:PutObject', `arn:aws:s3:::${OWN}/statsig/ingested/acme_events/${DAY}/v1/a.parquet`],
    ];
    expect(await allowedOf(policy, beyond, EXPORT)).toEqual([]);
    const forwarded = (kind: string) =>
      `arn:aws:s3:::${OWN}/statsig/statsig_forwarded_${kind}/statsig_forwarded_${kind}/${DAY}/a`;
    const reads: readonly Asked[] = [
      ['s3:GetObject', forwarded('exposures')],
      ['s3:GetObject', forwarded('events')],
      ...own,
    ];
    const sdks = exportSession(place, config, ofSdks);
    const former = { ...config, formerStatsigFolders: [{ folder: 'old', until: DAY }] };
    const ofOld = [
      ['s3:GetObject', forwarded('exposures').replace('/statsig/', '/old/')],
      [
        's3:ListBucket',
        `arn:aws:s3:::${OWN}`,
        { 's3:prefix': `old/statsig_forwarded_exposures/statsig_forwarded_exposures/${DAY}/` },
      ],
    ] satisfies readonly Asked[];
    expect(await allowedOf(exportSession(place, former, ofSdks), ofOld, everything)).toEqual(named(ofOld));
    expect(await allowedOf(sdks, ofOld, everything)).toEqual([]);
    // The bucket is the same customer's, the folder another.
    expect(await allowedOf(sdks, reads, EXPORT)).toEqual([
      ...named(reads.slice(0, 1)),
      's3:ListBucketMultipartUploads arn:aws:s3:::acme-warehouse',
    ]);
  });
});

describe('packaging', () => {
  const long = (length: number) => 'x'.repeat(length);

  it('accepts usual names, and rejects those that STS would reject at load time', () => {
    expect(() => requireSessionPoliciesFit(config)).not.toThrow();
    const datasets: SourceInput['datasets'] = [
      { name: 'events', kind: 'events' },
      { name: 'more', kind: 'events', folder: long(512), table: long(255) },
    ];
    const wide = defineConfig({ bucket: OWN, sources: [source('acme', '111111111111', { datasets })] });
    expect(() => requireSessionPoliciesFit(wide)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_SESSION_TOO_LARGE',
        message: expect.stringMatching(/sources\.0\.datasets\.1: \d{4} characters of 2048\./),
      }),
    );
    expect(() => requireSessionPoliciesFit(defineConfig({ bucket: OWN }))).not.toThrow();
  });
});
