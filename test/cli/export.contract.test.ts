import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { startAws } from '../harness/startAws.ts';
import { wordsOf } from '../harness/wordsOf.ts';

const BUCKET = 'sluice-cli-export';

const aws = await startAws({ clock: new ManualClock(Date.UTC(2026, 10, 30, 12)) });
aws.store.createBucket(BUCKET);
aws.addQueue('sluice-local-export');
const local = aws.commands({
  bucket: BUCKET,
  exports: [exportTo({ folder: 'sluice/events' }, { name: 'events' })],
});
afterEach(() => {
  for (const key of aws.keys(BUCKET)) aws.store.delete(BUCKET, key);
});
afterAll(() => aws.close());

describe('sluice export', () => {
  const sluice = (...args: string[]) => local('export', ...args);
  const waiting = () => aws.queues.byName('sluice-local-export').pending();

  it('sends a request for changed days or for given days to the queue', async () => {
    const before = waiting();
    expect(await sluice('run', '--json')).toMatchObject({ code: 0 });
    const { stdout } = await sluice('run', '--from', '2026-10-30', '--to', '2026-11-01', '--json');
    expect(JSON.parse(stdout)).toEqual({
      dryRun: false,
      asked: [{ export: 'events', from: '2026-10-30', to: '2026-11-01', days: 3 }],
    });
    expect(waiting()).toBe(before + 2);
  });

  it('reports that nothing was exported', async () => {
    expect(await sluice('status')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing') });
    const [status] = JSON.parse((await sluice('status', '--days', '2', '--json')).stdout).exports;
    expect(status).toMatchObject({ export: 'events', target: 's3://acme-warehouse/sluice/events/' });
    expect(status.days).toHaveLength(2);
    const after = await sluice('status', '--after', 'none:events', '--json');
    expect(JSON.parse(after.stdout).exports).toEqual([]);
  });

  it('says why a day failed until a try succeeds, and how many copies are kept of files that are gone', async () => {
    const file = { key: 'a.parquet', size: 1, eTag: '"0a"', fate: 'kept' as const };
    const entry = ledgerEntry({
      source: 'exports',
      day: '2026-11-28',
      state: 'waiting',
      files: [file],
      failure: { code: 'SLUICE_X', message: 'm.' },
      failingSince: 1,
      queued: { fingerprint: 'f', reason: 'retried', at: 2 },
    });
    await ledgerStore(s3ObjectStore(aws.s3, BUCKET)).write(entry, null);
    expect(await sluice('status')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/SLUICE_X: m\. 1 kept/),
    });
  });

  it('prints what exports days before the lookback again, and shows old days that are requested', async () => {
    const failure = { code: 'SLUICE_X', message: 'm.' };
    const kept = { key: 'a.parquet', size: 1, eTag: '"0a"', fate: 'kept' as const };
    for (const entry of [
      { day: '2026-10-31', state: 'failed' as const, failure, failingSince: 1 },
      { day: '2026-11-01', state: 'succeeded' as const, files: [kept] },
      { day: '2026-11-10', state: 'succeeded' as const, files: [kept] },
      { day: '2026-11-11', state: 'succeeded' as const },
    ])
      await ledgerStore(s3ObjectStore(aws.s3, BUCKET)).write(
        ledgerEntry({ source: 'exports', ...entry }),
        null,
      );
    const { stdout } = await sluice('status', '--days', '40');
    const printed = [...stdout.matchAll(/`npx sluice export run ([^`]+?) --local[^`]*`/g)].map(
      ([, words]) => words,
    );
    expect(printed).toEqual([
      '--export events --from 2026-11-10 --to 2026-11-10',
      '--export events --from 2026-10-31 --to 2026-11-01',
    ]);
    const { stderr } = await sluice('run', '--from', '2026-10-31');
    expect(stderr).toMatch(/`npx sluice export status --days 32 --local/);
  });

  it.each([
    { line: '', message: 'Expected status or run' },
    { line: 'status --days 0', message: '--days: got 0, expected 1 to 366' },
    { line: 'status --from 2026-10-01', message: '--from: not an option of status, but of run.' },
    { line: 'run --to 2026-10-01', message: '--to without --from' },
    { line: 'run --from 2026-10-02 --to 2026-10-01', message: 'is after' },
    { line: 'run --from 2026-02-30', message: 'expected YYYY-MM-DD' },
    { line: 'run --from 2020-01-01 --to 2026-10-01', message: 'at most 400 days' },
  ])('refuses "$line"', async ({ line, message }) => {
    expect(await sluice(...wordsOf(line))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    });
  });

  it('names the configured exports, and reports a stage that is not deployed', async () => {
    const before = waiting();
    expect(await sluice('run', '--export', 'x')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^SLUICE_EXPORT_UNKNOWN: .*It has events\./m),
    });
    expect(await sluice('run', '--stage', 'dev')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_AWS_FAILED'),
    });
    expect(waiting()).toBe(before);
  });
});
