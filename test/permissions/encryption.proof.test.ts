import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DoctorAnswer } from '../../console/api/status.ts';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { parseUnit } from '../../lib/erase/units/Unit.ts';
import { localAccount } from '../../local/localAccount.ts';
import { readStackOutputs } from '../../observe/facts/flow/stackOutputs.ts';
import { erase } from '../../operate/erase/erase.ts';
import { athenaRows } from '../harness/answer.ts';
import { READERS } from '../harness/configInput.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import type { Credentials } from '../harness/storyCloud.ts';

const TODAY = '2026-11-20';
const DAY = '2026-11-19';
const WAREHOUSE = 'acme-warehouse';
/** Larger than a part of an upload: hashes hardly compress. */
const LARGE = `SELECT epoch(TIMESTAMP '${DAY} 12:00:00')::BIGINT AS timestamp, 'u' || i AS unit_id,
  md5(i::VARCHAR) || md5('more' || i) AS event_name FROM range(600000) t(i)`;

/** Everything that meets the bucket's encryption, with a key and without, by the policies of each form alone. */
describe.each(['kms', 's3'] as const)('a deployment with the encryption %s', (encryption) => {
  let story: Awaited<ReturnType<typeof ingestCloud>>;
  let roles = 0;
  const actions = new Set<string>();
  const listen = (message: unknown) => void actions.add(String(Object(message).action));
  beforeAll(async () => {
    subscribe('local-aws:decisions', listen);
    story = await ingestCloud(
      {
        bucket: `sluice-in-${encryption}`,
        encryption,
        curateAfter: 1,
        relay: { url: 'http://127.0.0.1:9' },
        readers: [...READERS],
        sources: [
          {
            name: 'acme',
            bucket: DROPS,
            owner: CUSTOMER,
            receipt: 'receipts',
            datasets: [{ name: 'events', kind: 'events' }],
          },
        ],
        exports: [
          { name: 'large', table: 'acme_events', target: { bucket: WAREHOUSE, owner: CUSTOMER } },
          {
            name: 'sdks',
            table: 'statsig_forwarded_events',
            target: { bucket: WAREHOUSE, owner: CUSTOMER },
          },
        ],
      },
      { startsAt: `${TODAY}T07:30:00Z` },
    );
    await story.letIn(CUSTOMER, WAREHOUSE, 'export-target', `arn:aws:iam::${localAccount.id}:root`);
  });
  afterAll(async () => {
    unsubscribe('local-aws:decisions', listen);
    await story.close();
  });

  const theirs = () => story.s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' });
  const encryptionOf = async (prefix: string, s3 = story.s3By(), Bucket = story.cloud.bucket) => {
    const [Key = ''] = await story.keys(prefix, Bucket, s3);
    return (await s3.send(new HeadObjectCommand({ Bucket, Key }))).ServerSideEncryption;
  };
  const ours = encryption === 's3' ? 'AES256' : 'aws:kms';
  const post = (userID: string) =>
    story.post({
      events: [{ eventName: 'seen', user: { userID }, time: Date.parse(`${DAY}T10:00:00Z`) }],
    });
  /** Credentials of a role that has a document as its policy. */
  async function roleWith(document: object): Promise<Credentials> {
    const iam = story.kept(new IAMClient(story.clientOptions()));
    const trust = { Effect: 'Allow', Principal: { AWS: localAccount.id }, Action: 'sts:AssumeRole' };
    roles += 1;
    const RoleName = `with-printed-policy-${roles}`;
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }) }),
    );
    const PolicyDocument = JSON.stringify(document);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: RoleName, PolicyDocument }));
    const sts = story.kept(new STSClient(story.clientOptions()));
    const asked = new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'printed' });
    const { Credentials: made } = await sts.send(asked);
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = made ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  it('takes events by Firehose and beside it, and copies for relay, and makes files of them', async () => {
    expect(await post('ada')).toBe(202);
    await story.setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await post('bob')).toBe(202);
    await story.clearFaults();
    await story.cloud.flush();
    expect(await story.ask('SELECT user_id FROM statsig_forwarded_events ORDER BY 1')).toEqual([
      { user_id: 'ada' },
      { user_id: 'bob' },
    ]);
    expect(await encryptionOf('statsig/statsig_forwarded_events/')).toBe(ours);
  });

  it("loads a customer's day and writes it in parts, with a receipt", async () => {
    await story.drop(`events/${DAY}/a.parquet`, LARGE);
    await story.jumpTo(`${TODAY}T09:05:00Z`);
    await story.cloud.flush();
    await story.jumpTo(`${TODAY}T10:05:00Z`);
    await story.cloud.flush();
    expect(await story.ask('SELECT count(*) AS n FROM acme_events')).toEqual([{ n: '600000' }]);
    expect(await encryptionOf('statsig/ingested/acme_events/')).toBe(ours);
    expect(await story.keys('receipts/', DROPS, theirs())).toHaveLength(1);
  });

  it("copies both tables, the large one in parts, into a customer's bucket, encrypted as that is", async () => {
    await story.jumpTo(`${TODAY}T12:35:00Z`);
    await story.cloud.flush();
    expect(await story.sluice('export', 'run', '--from', DAY)).toMatchObject({ code: 0 });
    await story.cloud.flush();
    for (const name of ['large', 'sdks'])
      expect({ name, encryption: await encryptionOf(`${name}/${DAY}/`, theirs(), WAREHOUSE) }).toEqual({
        name,
        encryption: 'AES256',
      });
  });

  it('curates a day', async () => {
    await story.jumpTo('2026-11-21T01:30:00Z');
    await story.cloud.flush();
    expect(await encryptionOf('statsig/ingested/curated_events/')).toBe(ours);
  });

  it('lets readers query in their workgroups, whose results are encrypted alike', async () => {
    const sql = 'SELECT DISTINCT user_id FROM sluice.product_events ORDER BY 1';
    for (const [principal, name] of [
      ['ReaderStatsigRole', 'statsig'],
      ['ReaderMetabaseUser', 'metabase'],
    ] as const) {
      const reader = await story.credentialsOf(principal);
      expect(await story.ask(sql, reader, `sluice_${name}`)).toEqual([
        { user_id: 'ada' },
        { user_id: 'bob' },
      ]);
      const folder = `query-results/${name}/`;
      expect(await encryptionOf(folder)).toBe(ours);
      await story.put(`${folder}more.csv`, 'x', story.cloud.bucket, story.s3By(reader));
      expect(await encryptionOf(`${folder}more.csv`)).toBe(ours);
    }
    // OWOX has no workgroup: it names the place of its results.
    const user = await story.credentialsOf('ReaderOwoxUser');
    const owox = story.kept(new AthenaClient(story.clientOptions(user)));
    const how = { WorkGroup: 'primary', ResultConfiguration: { OutputLocation: 's3://acme-owox/' } };
    expect(await athenaRows(owox, sql, how)).toEqual([{ user_id: 'ada' }, { user_id: 'bob' }]);
    const results = await story.keys('', 'acme-owox');
    expect(results).toContainEqual(expect.stringMatching(/\.csv$/));
    for (const key of results) {
      expect({ key, encryption: await encryptionOf(key, story.s3By(), 'acme-owox') }).toEqual({
        key,
        encryption: ours,
      });
      await story.read(key, 'acme-owox', story.s3By(user));
    }
  });

  it('erases by the printed policy, and rewrites files', async () => {
    const keyArn = (await readStackOutputs(story.deployment())).get('KeyArn');
    const key = keyArn === undefined ? [] : ['--key', keyArn];
    expect(key).toHaveLength(encryption === 'kms' ? 2 : 0);
    const account = ['--account', localAccount.id];
    const { stdout } = await story.sluice('policy', 'print', '--for', 'erase', '--json', ...account, ...key);
    const by = await roleWith(JSON.parse(stdout).permissions);
    const units = [parseUnit('user_id=ada', story.cloud.config)];
    const { run } = await erase(story.deployment(false, by), { units, dryRun: false, isSure: true });
    expect(run.hasFound).toBe(true);
    expect(await story.ask('SELECT user_id FROM statsig_forwarded_events')).toEqual([{ user_id: 'bob' }]);
  });

  it('denies what it always denies: by the policy of the bucket, of Firehose and of a reader', async () => {
    const denied = { name: 'AccessDenied' };
    const [file = ''] = await story.keys('statsig/statsig_forwarded_events/');
    await expect(story.remove(file)).rejects.toMatchObject(denied);
    for (const [principal, key] of [
      ['LandingDeliveryRole', 'statsig/x'],
      ['ReaderStatsigRole', 'query-results/metabase/x'],
      ['ReaderMetabaseUser', 'query-results/statsig/x'],
      ['ExportRole', 'statsig/statsig_forwarded_events/x'],
    ] as const) {
      const by = story.s3By(await story.credentialsOf(principal));
      await expect(story.put(key, 'x', story.cloud.bucket, by)).rejects.toMatchObject(denied);
    }
  });

  it('is encrypted as the doctor expects', async () => {
    const { checks } = await story.json<DoctorAnswer>('doctor');
    const found = ['encryption', 'bucket-settings', 'key'].map((name) =>
      checks.find(({ check }) => check === name),
    );
    expect(found.map((look) => look?.findings)).toEqual([[], [], []]);
  });

  it('asks for a key only if there is one, and is denied nothing', () => {
    const ofKms = [...actions].filter((action) => action.startsWith('kms:')).sort();
    // The operator's look at the key is `kms:DescribeKey`, which its policy is asked for, too.
    const used = ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'];
    expect(ofKms).toEqual(encryption === 'kms' ? used : []);
    expect(story.refusals.filter((refusal) => !/with-printed|\/x\b/.test(refusal))).toEqual([]);
  });

  it.each([
    ['statsig', 'query-results/statsig/y'],
    ['metabase', 'query-results/metabase/y'],
    ['erase', 'landing/y'],
  ] as const)('is readable by the policy of %s without a key only if it has none', async (target, key) => {
    const { config } = story.cloud;
    const known = { region: 'us-east-1' as const, account: localAccount.id, stack: 'sluice-local' };
    const [printed] = printedPolicies(target, { ...config, encryption: 's3' }, known);
    const by = story.s3By(await roleWith(printed?.document ?? {}));
    const [file = ''] = await story.keys('statsig/statsig_forwarded_events/');
    const done = [story.read(file, config.bucket, by), story.put(key, 'y', config.bucket, by)];
    const names = (await Promise.allSettled(done)).map((one) => one.status === 'rejected' && one.reason.name);
    const denied = encryption === 'kms' && 'AccessDenied';
    expect(names).toEqual([denied, denied]);
  });
});
