import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../lib/config/loadConfig.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { sluice } from '../harness/sluice.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';

/** Names of a user's own, and settings that would change what the demo sees. */
const OWN = {
  bucket: 'shop-experiments',
  statsigFolder: 'raw/statsig',
  database: 'shop',
  tables: { exposures: 'raw_exposures', events: 'raw_events', quarantine: 'refused' },
  unitIds: { teamID: 'team_id' },
  timeWindow: { pastDays: 0 },
  experiments: ['another'],
  landTelemetry: true,
  events: { deny: ['page_view'] },
  privacy: { redact: { 'user.userID': 'hash' }, salt: 'sixteen characters' },
  sources: [
    { name: 'acme', bucket: 'others', owner: '444455556666', datasets: [{ name: 'a', kind: 'events' }] },
  ],
};

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// `npm run demo` tells it under the names of sluice.config.ts; this is the same under a user's.
const directory = temporaryDirectory();
const data = join(directory.path, 'data');
const file = join(directory.path, 'shop.config.ts');

function demo(): Promise<Told> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(repositoryRoot, 'demo', 'demo.ts'), '--data', data],
      { env: { ...process.env, SLUICE_CONFIG: file } },
      (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : Number(error !== null);
        resolve({ code, stdout, stderr });
      },
    );
  });
}

writeConfig(directory.path, OWN, 'shop.config.ts');
const told = await demo();
afterAll(() => directory.remove());

describe('the demo', () => {
  it('prints figures that the data confirms, whatever the user has configured', () => {
    expect(told).toMatchObject({ code: 0, stderr: '' });
    const [, agree = 0, off] = /^(\d+) figures agree, (\d+) differ/m.exec(told.stdout) ?? [];
    expect([Number(agree) > 20, off]).toEqual([true, '0']);
  });

  it('creates tables under the user’s names, including the customer’s tables', async () => {
    const folder = 's3://shop-experiments/raw/statsig/statsig_forwarded_exposures/raw_exposures/';
    expect(told.stdout).toContain(folder);
    const [, sql = ''] = /npx sluice query "(.+)" --data /.exec(told.stdout) ?? [];
    const { code, stdout } = await sluice('query', sql, '--json', '--data', data);
    const names: unknown[] = JSON.parse(stdout).map(({ name }: { name: string }) => name);
    expect(code).toBe(0);
    expect(names).toEqual(expect.arrayContaining(['raw_events', 'acme_revenue', 'refused']));
  });

  it('prints its end time last, so that a clock can be moved to it', () => {
    const [, now = ''] =
      /^curl -f -X POST \S+_sluice\/clock -d '\{"now":"(.+)"\}'\n$/m.exec(told.stdout) ?? [];
    const nights = (Date.parse(now) - Date.now()) / 86_400_000;
    expect([nights > 2.5, nights < 5, told.stdout.endsWith(`"${now}"}'\n`)]).toEqual([true, true, true]);
  });

  it('empties no directory that it did not create', async () => {
    const again = await demo();
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(data)]);
  });

  it('uses sluice.config.ts by default', async () => {
    const [config, own] = await Promise.all(
      ['demo/sluice.config.ts', 'sluice.config.ts'].map((path) =>
        loadConfig(join(repositoryRoot, path), 'local'),
      ),
    );
    expect(config).toMatchObject({ bucket: own?.bucket, tables: own?.tables, unitIds: own?.unitIds });
  });
});
