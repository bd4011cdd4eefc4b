import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadSession } from '../../lib/access/sessionPolicies.ts';
import { MINUTE_MS } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { MAX_OBJECTS } from '../../lib/drops/limits.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { projectRoot } from '../../local/roots.ts';
import type { DropsCalendar } from '../../observe/facts/days/dropsPage.ts';
import type { Status } from '../../observe/findings/status.ts';
import { ObjectStore } from '../../packages/local-aws/src/s3/index.ts';
import { eventsDataset, type SourceInput } from '../harness/configInput.ts';
import { CUSTOMER, createCustomerBucket, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { parquetOf } from '../harness/parquetOf.ts';
import type { Credentials } from '../harness/storyCloud.ts';

const DAY = '2026-11-20';
const ROOT = `arn:aws:iam::${localAccount.id}:root`;
const NOBODYS_ROLE = { arn: `arn:aws:iam::${CUSTOMER}:role/sluice`, externalId: 'made-by-us' };

/** Sources of which each has a bucket. So many have more rights than one inline policy of the load's role takes. */
const good: readonly SourceInput[] = Array.from({ length: 37 }, (_, i) => ({
  name: `customer-${i}`,
  bucket: i === 0 ? DROPS : `customer-${i}-drops`,
  owner: CUSTOMER,
  datasets: ['events', 'revenue'].map((name) => eventsDataset({ name, lookbackDays: 1 })),
}));
const hostile = {
  denied: 'SLUICE_SOURCE_ACCESS_DENIED',
  large: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
  roleless: 'SLUICE_SOURCE_ROLE_DENIED',
};
const input = {
  bucket: 'acme-experiments',
  sources: [
    ...Object.keys(hostile).map((name) => ({
      name,
      bucket: `${name}-drops`,
      owner: CUSTOMER,
      datasets: [eventsDataset({ name: 'events', lookbackDays: 1 })],
      ...(name === 'roleless' ? { role: NOBODYS_ROLE } : {}),
    })),
    ...good,
  ],
};

/** One deployment of 40 customers under its own policies, of which one has 200,001 files, one lets nobody in, and one names a role that is not there. */
describe('forty customers in one deployment', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  /** Whether the load's role has its managed policies. */
  let isAttached = true;
  const load = async () => {
    const loaded = await loadTemplate({ root: projectRoot });
    const role = loaded.template.Resources['IngestLoadRole'];
    if (!isAttached) delete role?.Properties?.['ManagedPolicyArns'];
    return loaded;
  };
  const read = async (credentials: Credentials, source = good[0]) =>
    ingest
      .s3By(credentials)
      .send(new GetObjectCommand({ Bucket: source?.bucket, Key: `events/${DAY}/a.parquet` }))
      .then(
        () => 'read',
        ({ name }: Error) => name,
      );
  beforeAll(async () => {
    ingest = await ingestCloud(input, { startsAt: `${DAY}T20:00:00Z`, load });
    for (const { bucket } of good.slice(1)) await ingest.letIn(CUSTOMER, bucket, 'ingest-source', ROOT);
    await ingest.letIn(CUSTOMER, 'large-drops', 'ingest-source', ROOT);
    for (const name of ['denied', 'roleless'])
      await createCustomerBucket(ingest.cloud.edge, { account: CUSTOMER, bucket: `${name}-drops` });
    const file = await parquetOf(
      `SELECT epoch(TIMESTAMP '${DAY} 12:00:00')::BIGINT AS timestamp, 'made' AS event_name, 'u1' AS unit_id`,
    );
    for (const { bucket } of good) await ingest.drop(`events/${DAY}/a.parquet`, file, bucket);
    const { data, clock } = ingest;
    // Through the store itself: so many requests would take minutes.
    await ingest.restart(undefined, async () => {
      const store = ObjectStore.open({ directory: join(data, 's3'), clock, account: localAccount.id });
      const keys = Array.from(
        { length: MAX_OBJECTS + 1 },
        (_, i) => `events/${DAY}/${1_000_000 + i}.parquet`,
      );
      store.bucket('large-drops').fill(keys);
      store.close();
    });
  });
  afterAll(() => ingest.close());

  it('loads 37, and tells of the three as theirs', async () => {
    await ingest.jumpTo('2026-11-21T09:05:00Z');
    const point = /"datasets_unreadable":\d+/;
    for (let waits = 0; waits < 8 && !point.test(ingest.logs()); waits += 1) {
      await ingest.cloud.flush();
      await ingest.jump(15 * MINUTE_MS);
    }
    await ingest.cloud.flush();
    // Each plan is of one source.
    const plans = ingest.logs().matchAll(/"event":"ingest_plan",.*"datasets":(\d+)/g);
    expect(Math.max(...[...plans].map(([, count]) => Number(count)))).toBe(2);
    const { datasets } = await ingest.json<DropsCalendar>('ingest', 'status', '--days', '2');
    const loaded = datasets.filter(({ days }) =>
      days.some(({ day, state }) => day === DAY && state === 'succeeded'),
    );
    expect(loaded.map(({ source, dataset }) => `${source} ${dataset}`).toSorted()).toEqual(
      good.map(({ name }) => `${name} events`).toSorted(),
    );
    const { problems } = await ingest.json<Status>('status');
    const unreadable = problems.filter(({ code }) => code === 'SLUICE_FINDING_SOURCE_UNREADABLE');
    expect(unreadable.map(({ detail }) => detail).toSorted()).toEqual(
      Object.entries(hostile).map(([name, code]) =>
        expect.stringMatching(new RegExp(`^${name}/events, .*: ${code}: `)),
      ),
    );
    // The alarm's metric: one point over all of them.
    expect(ingest.logs().match(new RegExp(point, 'g'))).toEqual(['"datasets_unreadable":3']);
    expect(ingest.refusals.filter((refusal) => !refusal.includes('denied-drops'))).toEqual([]);
  });

  it('keeps each load to its customer, also where a managed policy gives the role its rights', async () => {
    const config = defineConfig(input);
    const role = await ingest.credentialsOf('IngestLoadRole');
    expect(await read(role)).toBe('read');
    expect(await read(role, good.at(-1))).toBe('read');
    const place = {
      partition: 'aws',
      account: localAccount.id,
      bucket: config.bucket,
      encryption: 'kms' as const,
      keyArn: null,
    };
    const sts = ingest.kept(new STSClient(ingest.clientOptions(role)));
    const source = config.sources.at(-1);
    const dataset = source?.datasets[0];
    if (source === undefined || dataset === undefined) throw new Error('There is no last customer.');
    const { Credentials: made } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: role.principal,
        RoleSessionName: 'hijacked',
        Policy: loadSession(place, config, source, dataset),
      }),
    );
    const session = {
      accessKeyId: made?.AccessKeyId ?? '',
      secretAccessKey: made?.SecretAccessKey ?? '',
      sessionToken: made?.SessionToken ?? '',
    };
    expect(await read(session)).toBe('AccessDenied');
    expect(await read(session, good.at(-1))).toBe('read');
    // What the managed policies give is gone with them.
    isAttached = false;
    await ingest.restart();
    const bare = await ingest.credentialsOf('IngestLoadRole');
    expect(await read(bare)).toBe('read');
    expect(await read(bare, good.at(-1))).toBe('AccessDenied');
  });
});
