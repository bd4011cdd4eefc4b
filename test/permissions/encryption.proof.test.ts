import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
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

/** Does something at its first call; later ones wait for the same. */
function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let done: Promise<Result> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** The SDK's users whose rows stay. Those of `eve` are erased by a test. */
const KEPT = "user_id IN ('ada', 'bob')";
const KEPT_ROWS = [{ user_id: 'ada' }, { user_id: 'bob' }];

/**
 * Everything that meets the bucket's encryption, with a key and without, by the policies of each form alone. A test has the pipeline work
 * for as much of a day as it asks about, unless another test has: each runs alone.
 */
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
  afterEach(() => {
    // A test is denied nothing but what it tries for that.
    expect(story.refusals.filter((refusal) => !/with-printed|\/x\b/.test(refusal))).toEqual([]);
  });
  afterAll(async () => {
    unsubscribe('local-aws:decisions', listen);
    await story.close();
  });

  const theirs = () => story.customer();
  /** How each object of a folder is encrypted that ends so, and whether it was written in parts: then its ETag counts them. */
  const writtenAs = async (
    { prefix, ending = '' }: { readonly prefix: string; readonly ending?: string },
    s3 = story.s3By(),
    Bucket = story.cloud.bucket,
  ) => {
    const keys = await story.keys(prefix, Bucket, s3);
    return Promise.all(
      keys
        .filter((key) => key.endsWith(ending))
        .map(async (Key) => {
          const { ServerSideEncryption, ETag = '' } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
          return { encryption: ServerSideEncryption, inParts: /-\d+"$/.test(ETag) };
        }),
    );
  };
  const encryptionsOf = (written: Awaited<ReturnType<typeof writtenAs>>) => [
    ...new Set(written.map((file) => file.encryption)),
  ];
  const ours = encryption === 's3' ? 'AES256' : 'aws:kms';
  const post = (...users: readonly string[]) =>
    story.post({
      events: users.map((userID) => ({
        eventName: 'seen',
        user: { userID },
        time: Date.parse(`${DAY}T10:00:00Z`),
      })),
    });
  const workAt = async (time: string) => {
    await story.jumpTo(time);
    await story.cloud.flush();
  };
  /** The day begins: events go through Firehose, and beside it. @returns What the collector answered to each. */
  const collected = once(async () => {
    const byFirehose = await post('ada', 'eve');
    await story.setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    const beside = await post('bob');
    await story.clearFaults();
    await story.cloud.flush();
    return { byFirehose, beside };
  });
  /** A customer's day is loaded after them. */
  const loaded = once(async () => {
    await collected();
    await story.drop(`events/${DAY}/a.parquet`, LARGE);
    await workAt(`${TODAY}T09:05:00Z`);
    await workAt(`${TODAY}T10:05:00Z`);
  });
  /** Both tables are exported after that. */
  const exported = once(async () => {
    await loaded();
    await workAt(`${TODAY}T12:35:00Z`);
    const { code, stderr } = await story.sluice('export', 'run', '--from', DAY);
    if (code !== 0) throw new Error(stderr);
    await story.cloud.flush();
  });
  /** The day is over, and curated. */
  const curated = once(async () => {
    await exported();
    await workAt('2026-11-21T01:30:00Z');
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
    expect(await collected()).toEqual({ byFirehose: 202, beside: 202 });
    const sql = `SELECT user_id FROM statsig_forwarded_events WHERE ${KEPT} ORDER BY 1`;
    expect(await story.ask(sql)).toEqual(KEPT_ROWS);
    const written = await writtenAs({ prefix: 'statsig/statsig_forwarded_events/' });
    expect(encryptionsOf(written)).toEqual([ours]);
  });

  it("loads a customer's day and writes it in parts, with a receipt", async () => {
    await loaded();
    expect(await story.ask('SELECT count(*) AS n FROM acme_events')).toEqual([{ n: '600000' }]);
    const written = await writtenAs({ prefix: 'statsig/ingested/acme_events/', ending: '.parquet' });
    expect(new Set(written.map((file) => file.inParts))).toEqual(new Set([true]));
    expect(encryptionsOf(written)).toEqual([ours]);
    expect(await story.keys('receipts/', DROPS, theirs())).toHaveLength(1);
  });

  it.each([
    { name: 'large', inParts: true },
    { name: 'sdks', inParts: false },
  ])(
    "copies the table of $name into a customer's bucket, encrypted as that is",
    async ({ name, inParts }) => {
      await exported();
      const folder = `${name}/${DAY}/`;
      const written = await writtenAs({ prefix: folder }, theirs(), WAREHOUSE);
      expect(encryptionsOf(written)).toEqual(['AES256']);
      // The manifest is never in parts.
      const files = await writtenAs({ prefix: folder, ending: '.parquet' }, theirs(), WAREHOUSE);
      expect(new Set(files.map((file) => file.inParts))).toEqual(new Set([inParts]));
    },
  );

  it('curates a day', async () => {
    await curated();
    const written = await writtenAs({ prefix: 'statsig/ingested/curated_events/' });
    expect(encryptionsOf(written)).toEqual([ours]);
  });

  it('lets readers query in their workgroups, whose results are encrypted alike', async () => {
    await curated();
    const sql = `SELECT DISTINCT user_id FROM sluice.product_events WHERE ${KEPT} ORDER BY 1`;
    for (const [principal, name] of [
      ['ReaderStatsigRole', 'statsig'],
      ['ReaderMetabaseUser', 'metabase'],
    ] as const) {
      const reader = await story.credentialsOf(principal);
      expect(await story.ask(sql, reader, `sluice_${name}`)).toEqual(KEPT_ROWS);
      const folder = `query-results/${name}/`;
      await story.put(`${folder}more.csv`, 'x', story.cloud.bucket, story.s3By(reader));
      const written = await writtenAs({ prefix: folder });
      expect(written.length).toBeGreaterThan(1);
      expect(encryptionsOf(written)).toEqual([ours]);
    }
    // OWOX has no workgroup: it names the place of its results.
    const user = await story.credentialsOf('ReaderOwoxUser');
    const owox = story.kept(new AthenaClient(story.clientOptions(user)));
    const how = { WorkGroup: 'primary', ResultConfiguration: { OutputLocation: 's3://acme-owox/' } };
    expect(await athenaRows(owox, sql, how)).toEqual(KEPT_ROWS);
    const results = await story.keys('', 'acme-owox');
    expect(results).toContainEqual(expect.stringMatching(/\.csv$/));
    const written = await writtenAs({ prefix: '' }, story.s3By(), 'acme-owox');
    expect(encryptionsOf(written)).toEqual([ours]);
    for (const key of results) await story.read(key, 'acme-owox', story.s3By(user));
  });

  it('erases by the printed policy, and rewrites files', async () => {
    await curated();
    const keyArn = (await readStackOutputs(story.deployment())).get('KeyArn');
    const key = keyArn === undefined ? [] : ['--key', keyArn];
    expect(key).toHaveLength(encryption === 'kms' ? 2 : 0);
    const account = ['--account', localAccount.id];
    const { stdout } = await story.sluice('policy', 'print', '--for', 'erase', '--json', ...account, ...key);
    const by = await roleWith(JSON.parse(stdout).permissions);
    const units = [parseUnit('user_id=eve', story.cloud.config)];
    const { run } = await erase(story.deployment(false, by), { units, dryRun: false, isSure: true });
    expect(run.hasFound).toBe(true);
    const sql = 'SELECT user_id FROM statsig_forwarded_events ORDER BY 1';
    expect(await story.ask(sql)).toEqual(KEPT_ROWS);
  });

  it('denies what it always denies: by the policy of the bucket, of Firehose and of a reader', async () => {
    await collected();
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

  it('asks for a key only if there is one', async () => {
    await collected();
    await story.json('doctor');
    const ofKms = [...actions].filter((action) => action.startsWith('kms:')).sort();
    // The doctor's look at the key is `kms:DescribeKey`, which its policy is asked for, too.
    const used = ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'];
    expect(ofKms).toEqual(encryption === 'kms' ? used : []);
  });

  it.each([
    ['statsig', 'query-results/statsig/y'],
    ['metabase', 'query-results/metabase/y'],
    ['erase', 'landing/y'],
  ] as const)('is readable by the policy of %s without a key only if it has none', async (target, key) => {
    await collected();
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
