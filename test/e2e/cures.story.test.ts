import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { localAccount } from '../../local/localAccount.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const HOUR_MS = 3_600_000;
const WAREHOUSE = 'acme-warehouse';

/** One cloud with many faults. The commands of each finding are pasted as they are printed, in their order. */
describe('the commands of a finding end it', () => {
  let story: Awaited<ReturnType<typeof ingestCloud>>;
  let writer: S3Client;
  let customer: S3Client;

  beforeAll(async () => {
    story = await ingestCloud(
      {
        curate: true,
        sources: [
          {
            name: 'acme',
            bucket: DROPS,
            owner: CUSTOMER,
            settleMinutes: 0,
            datasets: [{ name: 'visits', kind: 'events', lookbackDays: 3 }],
          },
        ],
        exports: [
          {
            name: 'out',
            table: 'acme_visits',
            lookbackDays: 3,
            target: { bucket: WAREHOUSE, owner: CUSTOMER },
          },
        ],
      },
      { startsAt: '2026-11-20T07:00:00Z' },
    );
    writer = story.s3By(await story.credentialsOf('WriteRole'));
    customer = story.s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' });
    await story.letIn(CUSTOMER, WAREHOUSE, 'export-target', `arn:aws:iam::${localAccount.id}:root`);
  });
  afterAll(() => story.close());

  const drop = (day: string, name = 'a', columns = "'seen' AS event_name") =>
    story.drop(
      `visits/${day}/${name}.parquet`,
      `SELECT TIMESTAMP '${day} 10:00' AS timestamp, ${columns}, '${name}' || i AS unit_id FROM range(10) t(i)`,
    );
  const settle = async () => {
    for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
      left = (await story.cloud.flush()).unregistered;
  };
  const run = async (what: 'ingest' | 'curate' | 'export') => {
    expect((await story.sluice(what, 'run')).code).toBe(0);
    await settle();
  };
  /** Lets hours pass, with what the schedules do in them. */
  const hours = async (count: number) => {
    for (let hour = 0; hour < count; hour += 1) {
      await story.advance(HOUR_MS);
      await settle();
    }
  };
  /** Deletes files as a function may, which leaves their versions. */
  const removeFiles = async (folder: string, by = writer) => {
    const keys = (await story.keys(folder)).filter((key) => key.endsWith('.parquet'));
    expect(keys).not.toEqual([]);
    for (const Key of keys) await by.send(new DeleteObjectCommand({ Bucket: story.cloud.bucket, Key }));
  };
  const post = async (day: string) => {
    const time = Date.parse(day) + HOUR_MS;
    const events = ['ada', 'bea'].map((userID) => ({ eventName: 'buy', time, user: { userID } }));
    expect(await story.post({ events })).toBe(202);
    await settle();
  };
  const found = async (code: string): Promise<Finding | undefined> => {
    const { problems }: { problems: readonly Finding[] } = await story.json('status');
    return problems.find((one) => one.code === `SLUICE_FINDING_${code}`);
  };
  /** Pastes the commands of a finding, or those of a choice that its cure leaves. */
  const paste = async (code: string, choice = /(?:)/) => {
    const { commands = [] } = (await found(code)) ?? {};
    const chosen = commands.filter((command) => choice.test(command));
    expect([code, chosen.length > 0]).toEqual([code, true]);
    for (const command of chosen) {
      const { code: exit, stderr } = await story.paste(command);
      // A command that shows a problem says so by its code.
      expect([command, exit, [0, 3].includes(exit) ? '' : stderr]).toEqual([command, exit, '']);
    }
    await settle();
  };

  it('INGEST_FAILED of a day before the lookback, once its file is corrected', async () => {
    for (const day of ['2026-11-19', '2026-11-20']) await post(day);
    await drop('2026-11-18', 'a', "'seen' AS wrong_name");
    await run('ingest');
    await story.jumpTo('2026-11-23T09:00:00Z');
    expect((await found('INGEST_FAILED'))?.commands).toHaveLength(2);
    await drop('2026-11-18');
    await paste('INGEST_FAILED');
    expect(await found('INGEST_FAILED')).toBeUndefined();
  });

  it('ROWS_UNUSUAL, if the day is meant so', async () => {
    await drop('2026-11-21');
    await story.put(
      'visits/2026-11-21/copy.parquet',
      await story.read('visits/2026-11-21/a.parquet', DROPS, customer),
      DROPS,
      customer,
    );
    await run('ingest');
    await paste('ROWS_UNUSUAL');
    expect(await found('ROWS_UNUSUAL')).toBeUndefined();
  });

  it('INPUTS_MISSING, if the rows are to stay', async () => {
    await drop('2026-11-22');
    await run('ingest');
    await story.removeDrop('visits/2026-11-22/a.parquet');
    await run('ingest');
    await paste('INPUTS_MISSING');
    expect(await found('INPUTS_MISSING')).toBeUndefined();
  });

  it('FILES_LOST of a day that has its inputs, and of one that has none', async () => {
    await hours(1);
    const loader = story.s3By(await story.credentialsOf('IngestLoadRole'));
    for (const day of ['2026-11-21', '2026-11-22'])
      await removeFiles(`statsig/ingested/acme_visits/${day}/`, loader);
    await hours(1);
    const { commands = [] } = (await found('FILES_LOST')) ?? {};
    expect(commands.map((command) => command.split(' ').slice(2, 4).join(' '))).toEqual([
      'ingest backfill',
      'restore --table',
    ]);
    await paste('FILES_LOST');
    await hours(1);
    expect(await found('FILES_LOST')).toBeUndefined();
  });

  it('DAYS_LOST, by bringing the files back', async () => {
    const RAW = 'statsig/statsig_forwarded_events/statsig_forwarded_events/2026-11-23/';
    await post('2026-11-23');
    await hours(2);
    await removeFiles(RAW);
    expect(await story.keys(RAW)).toEqual([]);
    await hours(1);
    await paste('DAYS_LOST');
    await hours(1);
    expect([await found('DAYS_LOST'), await story.keys(RAW)]).toEqual([undefined, [expect.any(String)]]);
  });

  it.each([
    ['bringing the files back', / restore /, '2026-11-20'],
    ['accepting that they are gone', / accept /, '2026-11-19'],
  ])('CURATE_KEPT, by %s', async (_by, choice, day) => {
    const Prefix = `statsig/statsig_forwarded_events/statsig_forwarded_events/${day}/`;
    await removeFiles(Prefix);
    await story.jump(24 * HOUR_MS);
    await run('curate');
    await paste('CURATE_KEPT', choice);
    await story.jump(24 * HOUR_MS);
    await run('curate');
    expect(await found('CURATE_KEPT')).toBeUndefined();
  });

  it('EXPORT_FAILED of a day before the lookback, once the bucket takes it', async () => {
    const Bucket = WAREHOUSE;
    const { Policy } = await customer.send(new GetBucketPolicyCommand({ Bucket }));
    await customer.send(new DeleteBucketPolicyCommand({ Bucket }));
    const day = new Date(story.clock.now() - 24 * HOUR_MS).toISOString().slice(0, 10);
    await drop(day);
    await run('ingest');
    await run('export');
    await story.jump(5 * 24 * HOUR_MS);
    await customer.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await run('export');
    const { commands = [] } = (await found('EXPORT_FAILED')) ?? {};
    expect(commands.map((command) => command.split(' ').slice(2, 4).join(' '))).toEqual([
      'export status',
      'export run',
    ]);
    await paste('EXPORT_FAILED');
    expect(await found('EXPORT_FAILED')).toBeUndefined();
  });
});
