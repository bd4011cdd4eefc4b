import { GetBucketLocationCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ingestCloud } from '../harness/ingestCloud.ts';
import { readParquet } from '../harness/readParquet.ts';

/** Statsig's own user, who reads exports of ours and writes exports of Statsig's into one bucket of the stack. */
const USER = 'arn:aws:iam::999689269917:user/acme-4f2a';
const BUCKET = 'acme-statsig';
const OWN = 'acme-experiments';
const EXPORTED = '2026-11-19';
const ingest = await ingestCloud(
  {
    bucket: OWN,
    statsigBucket: { bucket: BUCKET, user: USER, writesTo: 'exports' },
    exports: [
      { name: 'events', table: 'statsig_forwarded_events', format: 'statsig', target: { bucket: BUCKET } },
    ],
    sources: [
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
  },
  { startsAt: `${EXPORTED}T10:00:00Z` },
);
afterAll(() => ingest.close());

/** By docs/statsig-s3.md alone: Statsig's user at the bucket that the stack makes, under the deployed policies. */
describe('Statsig at a bucket of ours', () => {
  let statsig: S3Client;
  beforeAll(async () => {
    statsig = ingest.s3By(await ingest.credentialsOf(USER));
  });
  const keys = (bucket = BUCKET) => ingest.keys('', bucket, statsig);

  it('its user lists and reads yesterday’s export of production’s events, in its columns, with nothing beside the files', async () => {
    const events = [
      ...['ada', 'bob'].map((userID) => ({
        eventName: 'statsig::config_exposure',
        user: { userID },
        metadata: { config: 'checkout_button', ruleID: `group-of-${userID}` },
      })),
      {
        eventName: 'purchase',
        time: Date.parse(`${EXPORTED}T09:59:00Z`),
        value: 12.5,
        user: { userID: 'ada' },
        metadata: { item: 'hat' },
      },
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
        timestamp: 1_795_082_340n,
        event_name: 'purchase',
        event_value: '12.5',
        user_id: 'ada',
        stable_id: null,
        metadata_json: '{"item":"hat"}',
      },
    ]);
  });

  it('reads nothing else, and writes and deletes nothing but in its folder', async () => {
    const own = 'note.txt';
    await ingest.put(own, 'x', OWN);
    const denied = { name: 'AccessDenied' };
    await expect(keys(OWN)).rejects.toMatchObject(denied);
    await expect(ingest.read(own, OWN, statsig)).rejects.toMatchObject(denied);
    const put = (key: string, bucket = BUCKET) => ingest.put(key, 'x', bucket, statsig);
    await expect(put('events/2026-11-19/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exportsx/x.parquet')).rejects.toMatchObject(denied);
    await expect(put('exports/x', OWN)).rejects.toMatchObject(denied);
    const exported = 'events/2026-11-18/x.parquet';
    await ingest.put(exported, 'x', BUCKET);
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
