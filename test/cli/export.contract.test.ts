import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { Queues, queueProperties, sqsService } from '../../packages/local-aws/src/sqs/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { callMain } from '../harness/callMain.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';

const BUCKET = 'sluice-cli-export';

describe('sluice export', () => {
  const directory = temporaryDirectory();
  let store: ObjectStore;
  let queues: Queues;
  let close: () => Promise<void>;
  let endpoint: string;

  beforeAll(async () => {
    const config = {
      bucket: BUCKET,
      stages: ['prod'],
      exports: [
        {
          name: 'events',
          table: 'statsig_forwarded_events',
          target: { bucket: 'acme-warehouse', owner: '111122223333', folder: 'sluice/events' },
        },
      ],
    };
    process.env['SLUICE_CONFIG'] = writeConfig(directory.path, config);
    const place = { clock: realClock, region: 'us-east-1', account: '000000000000' };
    store = ObjectStore.open({ directory: join(directory.path, 's3'), clock: realClock });
    store.createBucket(BUCKET);
    queues = Queues.open({ directory: join(directory.path, 'sqs'), ...place });
    queues.ensure('sluice-local-export', queueProperties({}).settings);
    const services = await startServices([
      s3Service({ store, clock: realClock }),
      sqsService({ queues, clock: realClock, account: '000000000000' }),
    ]);
    close = services.close;
    endpoint = services.options.endpoint;
  });
  afterAll(async () => {
    delete process.env['SLUICE_CONFIG'];
    await close();
    queues.close();
    store.close();
    directory.remove();
  });

  const sluice = (...args: string[]) => callMain(['export', ...args]);
  const local = (...args: string[]) => sluice(...args, '--local', '--endpoint-url', endpoint);
  const waiting = () =>
    queues
      .all()
      .find(({ name }) => name === 'sluice-local-export')
      ?.pending();

  it('sends a request for changed days or for given days to the queue', async () => {
    expect(await local('run', '--json')).toMatchObject({
      code: 0,
      stdout: '{"asked":{"exports":["events"]}}\n',
    });
    const { stdout } = await local('run', '--from', '2026-10-30', '--to', '2026-11-01', '--json');
    expect(JSON.parse(stdout)).toEqual({
      asked: { exports: ['events'], days: ['2026-10-30', '2026-10-31', '2026-11-01'] },
    });
    expect(waiting()).toBe(2);
  });

  it('reports that nothing was exported', async () => {
    expect(await local('status')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing') });
    const [status] = JSON.parse((await local('status', '--days', '2', '--json')).stdout).exports;
    expect(status).toMatchObject({ export: 'events', target: 's3://acme-warehouse/sluice/events/' });
    expect(status.days).toHaveLength(2);
  });

  it.each([
    [[], 'Expected status or run'],
    [['run', 'events'], 'Unexpected argument: events.'],
    [['status', '--days', '0'], '--days: got 0, expected 1 to 366'],
    [['status', '--from', '2026-10-01'], '--from: not an option of status, but of run.'],
    [['run', '--days', '3'], '--days: not an option of run, but of status.'],
    [['run', '--to', '2026-10-01'], '--to without --from'],
    [['run', '--from', '2026-10-02', '--to', '2026-10-01'], 'is after'],
    [['run', '--from', '2026-02-30'], 'expected YYYY-MM-DD'],
    [['run', '--from', '2020-01-01', '--to', '2026-10-01'], 'at most 400 days'],
  ])('refuses %j', async (args, message) => {
    expect(await sluice(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('names the configured exports, and reports a stage that is not deployed', async () => {
    expect(await local('run', '--export', 'x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('It has events.'),
    });
    expect(await local('run', '--stage', 'prod')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_AWS_FAILED'),
    });
    expect(waiting()).toBe(2);
  });
});
