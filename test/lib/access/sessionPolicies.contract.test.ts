import { describe, expect, it } from '@jest/globals';
import { ingestRoles, WIDTHS, type Width } from '../../../infra/roles/dropRoles.ts';
import { requireSessionPoliciesFit } from '../../../infra/serverless/requirements.ts';
import { customerSession, loadSession } from '../../../lib/access/sessionPolicies.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { refusedRowsKey } from '../../../lib/tables/tableFolders.ts';
import { acmeSource, eventsDataset, type SourceInput } from '../../harness/configInput.ts';
import {
  type Asked,
  acme,
  allowedOf,
  allows,
  assuming,
  config,
  customersRole,
  DAY,
  everything,
  forbiddenToAll,
  keyOf,
  listing,
  OURS,
  OWN,
  onKey,
  onObject,
  onTable,
  place,
  policyOf,
  required,
  roles,
  rolesOf,
  sourceOf,
  stackResources,
  third,
} from './sessions.ts';

const dataset = required(acme.datasets[0]);

const ofThird = required(third.datasets[0]);

/** The role of the load, as wide as it is for so many sources that IAM takes no narrower one. */
const wideLoad = (width: Width) => {
  const stack = { config: { ...config, account: OURS }, service: 'sluice', stage: 'dev' };
  return policyOf('IngestLoadRole', rolesOf({ ...stackResources, ...ingestRoles(stack, width) }));
};

/** The stack's own key. */
const ownKey =
  roles
    .flatMap(({ statements }) => statements.flatMap(({ Resource = [] }) => Resource))
    .find((arn) => arn.includes(`:kms:us-east-1:${OURS}:key/`)) ?? '';

/** Calls of the load of a source's dataset. */
const loadCalls = (name: string, data: string, table: string, owner: string): readonly Asked[] => {
  const version = `statsig/ingested/${table}/${DAY}/v1/`;
  const landed = `${version}part-0.parquet`;
  const note = versionNoteKey({ due: 0, table, day: DAY, version: 'v1' });
  const refused = refusedRowsKey(config, { table, day: DAY, fingerprint: 'f', receivedAt: 0 });
  const drops = `${name}-drops`;
  const folder = `in/${data}/`;
  const ledger = `ledger/${name}/${data}/${DAY}.json`;
  return [
    onObject('GetObject', drops, `${folder}${DAY}/a.parquet`),
    listing(drops, `${folder}2026-11-`),
    onKey('Decrypt', keyOf(owner)),
    onObject('GetObject', OWN, ledger),
    onObject('PutObject', OWN, ledger),
    listing(OWN, ledger),
    onObject('PutObject', OWN, landed),
    onObject('AbortMultipartUpload', OWN, landed),
    // What an emptied day keeps.
    onObject('GetObject', OWN, landed),
    listing(OWN, version),
    onObject('PutObject', OWN, note),
    onObject('DeleteObject', OWN, note),
    listing(OWN, note),
    onObject('PutObject', OWN, refused),
    onObject('DeleteObject', OWN, refused),
    listing(OWN, refused),
    onTable('GetTable', table),
    onTable('GetPartitions', table),
    onTable('BatchUpdatePartition', table),
    onTable('BatchCreatePartition', table),
  ];
};

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
    await allows(own, policy, own);
    await allows([], policy, others);
    await allows([], policy, forbiddenToAll);
    expect(await allowedOf(policy, [onKey('GenerateDataKey', ownKey)])).toHaveLength(1);
  });

  describe.each(WIDTHS)('of a role that may do more, as there are many sources: %s', (width) => {
    const policy = loadSession(place, config, acme, dataset);
    const role = wideLoad(width);
    /** The calls, with the account whose a bucket is: that of customers is of this owner. */
    const callsOf = (calls: readonly Asked[], owner: string) =>
      calls.map((call): Asked => {
        if (!call.action.startsWith('s3:')) return call;
        const account = call.resource.includes('-drops') ? owner : OURS;
        return { ...call, context: { ...call.context, 's3:ResourceAccount': account } };
      });

    it('allows the same', async () => {
      const foreign = '111111111111';
      await allows(own, policy, callsOf(own, foreign), role);
      await allows([], policy, callsOf([...others, ...forbiddenToAll], foreign), role);
    });

    it.each([
      { what: 'somebody else', owner: '999999999990' },
      { what: "the deployment's own account", owner: OURS },
    ])(
      'allows a bucket of that name that is of $what, unless the role names owners in place of buckets',
      async (row) => {
        const reading = own.filter(({ resource }) => resource.includes(':s3:::acme-drops'));
        const allowed = width === 'buckets' ? [] : reading;
        await allows(allowed, policy, callsOf(reading, row.owner), role);
      },
    );

    it("has tables of the load, and none of the stack's own, also without a session", async () => {
      const changes = ['BatchUpdatePartition', 'BatchCreatePartition', 'GetTable'];
      const tables = ['statsig_forwarded_events', 'curated_events', 'experiment_exposures', 'received_hours'];
      const ofStack = tables.flatMap((table) => changes.map((action) => onTable(action, table)));
      await allows([], JSON.stringify(everything), ofStack, role);
    });
  });

  /** Calls by which the third source is read. */
  const theirs: readonly Asked[] = [
    onObject('GetObject', 'third-drops', `in/events/${DAY}/a.parquet`),
    listing('third-drops', 'in/events/'),
  ];
  const decrypting = onKey('Decrypt', keyOf('333333333333'));

  it('allows assuming a customer’s role, and not their bucket', async () => {
    const policy = loadSession(place, config, third, ofThird);
    await allows([], policy, [...theirs, decrypting]);
    const role = assuming(customersRole('333333333333'));
    await allows([role], policy, [role]);
    await allows([], policy, forbiddenToAll.slice(0, -1));
  });

  it('limits the session of a customer’s role to one folder', async () => {
    const reading = customerSession(third, 'in/events/', 'read');
    await allows([...theirs, decrypting], reading, [...theirs, decrypting], everything);
    const beyond: readonly Asked[] = [
      onObject('GetObject', 'third-drops', 'in/events-2/a'),
      onObject('GetObject', 'third-payroll', 'in/events/a'),
      listing('third-drops'),
      listing('third-drops', 'in/events'),
      onObject('PutObject', 'third-drops', 'in/events/a'),
      { action: 'kms:Decrypt', resource: keyOf('222222222222') },
      { action: 'iam:CreateUser', resource: 'arn:aws:iam::333333333333:user/x' },
    ];
    await allows([], reading, beyond, everything);
    // The plan only lists.
    const planned = customerSession(third, 'in/events/', 'list');
    await allows(theirs.slice(1), planned, [...theirs, decrypting], everything);
  });

  /** A call on a receipt of a dataset. */
  const onReceipt = (action: string, bucket: string, data = 'events') =>
    onObject(action, bucket, `sluice-receipts/${data}/${DAY}/x.json`);
  /** Calls on the bucket of a source beyond writing the receipts of its first dataset. */
  function beyond(name: string): readonly Asked[] {
    return [
      onReceipt('GetObject', `${name}-drops`),
      onReceipt('DeleteObject', `${name}-drops`),
      onReceipt('PutObject', `${name}-drops`, 'events-2'),
      onReceipt('PutObject', 'acme-2-drops'),
      onObject('PutObject', `${name}-drops`, `in/events/${DAY}/a.parquet`),
      onObject('PutObject', `${name}-drops`, 'sluice-receipts'),
      listing(`${name}-drops`, 'sluice-receipts/events/'),
      onKey('GenerateDataKey', keyOf('222222222222')),
    ];
  }

  it('allows writing its own receipts, and nothing else in the customer’s bucket', async () => {
    const writing = [onReceipt('PutObject', 'acme-drops'), onKey('GenerateDataKey', keyOf('111111111111'))];
    const policy = loadSession(place, config, acme, dataset);
    await allows(writing, policy, [...writing, ...beyond('acme')]);
  });

  it('allows writing nothing where there are no receipts', async () => {
    const { receipt: _, ...reads } = acme;
    const policy = loadSession(place, config, reads, dataset);
    await allows([], policy, [onReceipt('PutObject', 'acme-drops')]);
  });

  it('allows receipts to the session of a customer’s role that is for them alone', async () => {
    const writing = [onReceipt('PutObject', 'third-drops'), onKey('GenerateDataKey', keyOf('333333333333'))];
    const session = customerSession(third, 'sluice-receipts/events/', 'receipt');
    await allows(writing, session, [...writing, ...beyond('third')], everything);
    for (const purpose of ['list', 'read'] as const)
      await allows([], customerSession(third, 'in/events/', purpose), writing, everything);
  });

  it('allows reading Spark’s log in the dataset’s folder, and listing the one of its table', async () => {
    const calls = (folder: string): readonly Asked[] => [
      listing('acme-drops', `${folder}/_spark_metadata/`),
      onObject('GetObject', 'acme-drops', `${folder}/_spark_metadata/9.compact`),
    ];
    const both = [...calls('table/country=DE'), ...calls('table')];
    const policy = loadSession(place, config, acme, { ...dataset, folder: 'table/country=DE' });
    await allows(both.slice(0, 3), policy, both, everything);
    const session = customerSession(acme, 'table/country=DE/', 'read');
    await allows(both.slice(0, 3), session, both, everything);
  });

  it('allows listing the metadata folder of an Iceberg table, but not reading it', async () => {
    const calls: readonly Asked[] = [
      listing('acme-drops', 'table/metadata/'),
      listing('acme-drops', 'table/'),
      onObject('GetObject', 'acme-drops', 'table/metadata/v1.metadata.json'),
    ];
    const policy = loadSession(place, config, acme, { ...dataset, folder: 'table/data' });
    await allows(calls.slice(0, 1), policy, calls, everything);
    for (const purpose of ['list', 'read'] as const) {
      const session = customerSession(acme, 'table/data/', purpose);
      await allows(calls.slice(0, 1), session, calls, everything);
    }
  });

  it('allows listing the log folder of a partitioned table, and nothing else of the table', async () => {
    const inBucket = (prefix: string): Asked => listing('acme-drops', prefix);
    const logs = ['_delta_log', '.hoodie', 'metadata', '_spark_metadata'].map((name) =>
      inBucket(`table/${name}/`),
    );
    const calls = [...logs, inBucket('table/'), inBucket('table/country=FR/')];
    const policy = loadSession(place, config, acme, { ...dataset, folder: 'table/country=DE' });
    await allows(logs, policy, calls, everything);
  });

  it("is text that STS accepts, also if the customer's folder has quotes and letters beyond ASCII", async () => {
    const folder = 'ereignisse "日本" é';
    const policy = loadSession(place, config, acme, { ...dataset, folder });
    expect(policy).toMatch(/^[ -~]+$/);
    const reading = onObject('GetObject', 'acme-drops', `${folder}/a`);
    await allows([reading], policy, [reading], everything);
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
    const wide = defineConfig({ bucket: OWN, sources: [sourceOf('acme', '111111111111', { datasets })] });
    expect(() => requireSessionPoliciesFit(wide)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_SESSION_TOO_LARGE',
        message: expect.stringMatching(/sources\.0\.datasets\.1: \d{4} characters of 2048\./),
      }),
    );
    expect(() => requireSessionPoliciesFit(defineConfig({ bucket: OWN }))).not.toThrow();
  });

  it('accepts 2,048 characters of a session policy, and no more', () => {
    const named = (folder: number, table: number) => () => {
      const datasets = [eventsDataset({ folder: long(folder), table: long(table) })];
      const source = acmeSource({ owner: '111111111111', bucket: 'acme-drops', datasets });
      requireSessionPoliciesFit(defineConfig({ bucket: 'own-data', sources: [source] }));
    };
    expect(named(509, 20)).not.toThrow();
    expect(named(505, 21)).toThrow('sources.0.datasets.0: 2049 characters of 2048.');
  });
});
