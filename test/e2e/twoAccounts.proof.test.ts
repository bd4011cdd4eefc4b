import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetBucketLocationCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { localAccount } from '../../local/localAccount.ts';
import { calendarMarks } from '../harness/calendarMarks.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { readParquet } from '../harness/readParquet.ts';
import type { Credentials } from '../harness/storyCloud.ts';

const daysAgo = (days: number) => addDays('2026-11-21', -days);
const DAY = daysAgo(5);
const RIVAL = '222233334444';
const PARTNER = '333344445555';
const PARTNERS_ROLE = { arn: `arn:aws:iam::${PARTNER}:role/sluice`, externalId: 'partner-7' };
const datasets = [{ name: 'events', kind: 'events' as const, lookbackDays: 10, refusedShare: 1 }];
/** Statsig's own user, who reads exports of ours and writes exports of Statsig's into one bucket of the stack. */
const USER = 'arn:aws:iam::999689269917:user/acme-4f2a';
const BUCKET = 'acme-statsig';
const EXPORTED = '2026-11-19';
const input: Pick<ConfigInput, 'bucket' | 'statsigBucket' | 'exports' | 'sources'> = {
  bucket: 'acme-experiments',
  statsigBucket: { bucket: BUCKET, user: USER, writesTo: 'exports' },
  exports: [
    { name: 'events', table: 'statsig_forwarded_events', format: 'statsig', target: { bucket: BUCKET } },
  ],
  sources: [
    { name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets },
    { name: 'rival', bucket: 'rival-drops', owner: RIVAL, datasets },
    { name: 'partner', bucket: 'partner-drops', owner: PARTNER, role: PARTNERS_ROLE, datasets },
    {
      name: 'statsig',
      bucket: BUCKET,
      datasets: [
        {
          name: 'exposures',
          kind: 'table',
          mapping: {
            columns: {
              unit_id: 'unit_id',
              unit_type: 'unit_type',
              name: 'name',
              experiment_group: 'experiment_group',
              first_exposure_utc: { column: 'first_exposure_utc', type: 'timestamp' },
            },
          },
          folder: 'exports/exposures',
          layout: 'YYYY/MM/DD/*.parquet',
        },
      ],
    },
  ],
};
const config = defineConfig(input);
const OWN = config.bucket;

const customers = ['acme', 'rival', 'partner'];
const ingest = await ingestCloud(input, { startsAt: `${EXPORTED}T10:00:00Z` });
afterAll(() => ingest.close());

/** By docs/statsig-s3.md alone: Statsig's user at the bucket that the stack makes, under the deployed policies. */
describe('Statsig at a bucket of ours', () => {
  let statsig: S3Client;
  beforeAll(async () => {
    statsig = ingest.s3By(await ingest.credentialsOf(USER));
  });
  const keys = (bucket = BUCKET) => ingest.keys('', bucket, statsig);

  it('its user lists and reads yesterday’s export, in its columns, with nothing beside the files', async () => {
    const events = [
      ...['ada', 'bob'].map((userID) => ({
        eventName: 'statsig::config_exposure',
        user: { userID },
        metadata: { config: 'checkout_button', ruleID: `group-of-${userID}` },
      })),
      { eventName: 'purchase', value: 12.5, user: { userID: 'ada' }, metadata: { item: 'hat' } },
      { eventName: 'refund', user: { userID: 'bob', statsigEnvironment: { tier: 'staging' } } },
    ];
    expect(await ingest.post({ path: '/v1/log_event', events })).toBe(202);
    await ingest.cloud.flush();
    await ingest.jumpTo('2026-11-20T11:35:00Z');
    await ingest.cloud.flush();
    expect((await ingest.sluice('export', 'status')).stdout).toMatch(
      new RegExp(`events +${EXPORTED} +succeeded +1 `),
    );
    const there = await keys();
    expect(there).toEqual([expect.stringMatching(/^events\/2026-11-19\/sluice-[0-9a-f]{32}\.parquet$/)]);
    const { LocationConstraint } = await statsig.send(new GetBucketLocationCommand({ Bucket: BUCKET }));
    expect(LocationConstraint ?? 'us-east-1').toBe('us-east-1');
    const { rows } = await readParquet(await ingest.read(there[0] ?? '', BUCKET, statsig));
    expect(rows).toEqual([
      {
        timestamp: expect.any(BigInt),
        event_name: 'purchase',
        event_value: '12.5',
        user_id: 'ada',
        stable_id: null,
        metadata_json: '{"item":"hat"}',
      },
    ]);
  });

  it('reads nothing else, and writes and deletes nothing but in its folder', async () => {
    const [own = ''] = await ingest.keys('');
    expect(own).not.toBe('');
    const denied = { name: 'AccessDenied' };
    await expect(keys(OWN)).rejects.toMatchObject(denied);
    await expect(ingest.read(own, OWN, statsig)).rejects.toMatchObject(denied);
    const put = (key: string, bucket = BUCKET) => ingest.put(key, 'x', bucket, statsig);
    await expect(put('events/2026-11-19/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exportsx/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exports/x', OWN)).rejects.toMatchObject(denied);
    const [exported = ''] = await keys();
    const remove = (key: string) => ingest.remove(key, BUCKET, statsig);
    await expect(remove(exported)).rejects.toMatchObject(denied);
    await put('exports/exposures/note.txt');
    await remove('exports/exposures/note.txt');
  });

  it('writes an export that becomes a table', async () => {
    await ingest.drop(
      'exports/exposures/2026/11/19/part-0.parquet',
      `SELECT * FROM (VALUES
        ('ada', 'userID', 'get_experiment', 'checkout_button', 'Test', TIMESTAMP '2026-11-19 10:00:00', 0.5),
        ('bob', 'userID', 'get_experiment', 'checkout_button', 'Control', TIMESTAMP '2026-11-19 11:00:00', 0.5)
      ) AS rows (unit_id, unit_type, exposure_type, name, experiment_group, first_exposure_utc, percent)`,
      BUCKET,
      statsig,
    );
    await ingest.jumpTo('2026-11-21T09:05:00Z');
    await ingest.cloud.flush();
    const sql =
      'SELECT unit_id, name, experiment_group, CAST(ds AS varchar) AS ds FROM statsig_exposures ORDER BY 1';
    expect(await ingest.ask(sql)).toEqual([
      { unit_id: 'ada', name: 'checkout_button', experiment_group: 'Test', ds: EXPORTED },
      { unit_id: 'bob', name: 'checkout_button', experiment_group: 'Control', ds: EXPORTED },
    ]);
  });

  it('is told by the command what to enter', async () => {
    const { stdout, code } = await ingest.sluice('connect', 'statsig-bucket');
    expect(code).toBe(0);
    for (const text of [BUCKET, USER, 'events/', 'BIGINT', 'exports/exposures'])
      expect(stdout).toContain(text);
  });
});

/** Three customers whose loads run as deployed, in one deployment. That none reaches another is in sessionPolicies.contract. */
describe('the datasets of several customers in one deployment', () => {
  const s3By = (credentials: Credentials) => ingest.s3By(credentials);
  const kept = <Client extends { destroy(): void }>(client: Client) => ingest.kept(client);
  const by = (credentials: Credentials) => ingest.clientOptions(credentials);
  const sluice = (...args: string[]) => ingest.sluice(...args);

  beforeAll(async () => {
    await ingest.letIn(RIVAL, 'rival-drops', 'ingest-source');
    await ingest.letIn(PARTNER, 'partner-drops', 'ingest-source', `arn:aws:iam::${PARTNER}:root`);
    await partnersRole();
    for (const { name, bucket, owner = '' } of config.sources)
      if (customers.includes(name)) await drop(bucket, owner);
  });

  /** Makes the role as our instructions say; it may do far more in the customer's account than we need. */
  async function partnersRole(): Promise<void> {
    const iam = kept(new IAMClient(by({ accessKeyId: PARTNER, secretAccessKey: 'test' })));
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${localAccount.id}:root` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': PARTNERS_ROLE.externalId } },
    };
    const RoleName = 'sluice';
    await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: trust }) }),
    );
    const wide = { Statement: { Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' } };
    const PolicyDocument = JSON.stringify(wide);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
  }

  /** A good row and a refused one. */
  async function drop(bucket: string, account: string, day = DAY): Promise<void> {
    const rows = `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT AS timestamp, 'made' AS event_name, 'u1' AS unit_id
      UNION ALL SELECT NULL, 'refused', 'u2'`;
    const owner = s3By({ accessKeyId: account, secretAccessKey: 'test' });
    await ingest.drop(`events/${day}/a.parquet`, rows, bucket, owner);
  }

  it('are all loaded', async () => {
    await ingest.jump(HOUR_MS);
    expect(await sluice('ingest', 'run')).toMatchObject({ code: 0 });
    await ingest.cloud.flush();
    const { stdout } = await sluice('ingest', 'status', '--days', '10');
    const loaded = Object.fromEntries(customers.map((name) => [`${name}/events`, '✓']));
    expect(calendarMarks(stdout, DAY)).toMatchObject(loaded);
    // A day may be queued by a schedule, too.
    const log = readFileSync(join(ingest.data, 'logs', 'sluice-local-ingest-load.0.log'), 'utf8');
    const loads = log.split('\n').filter((line) => line.includes('"event":"ingest_load"')).length;
    expect(loads).toBeGreaterThanOrEqual(customers.length);
  });
});
