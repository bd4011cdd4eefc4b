import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { athenaRows } from '../harness/athenaRows.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
const configFile = join(directory.path, 'sluice.config.ts');
const before = process.env['SLUICE_CONFIG'];
process.env['SLUICE_CONFIG'] = configFile;
afterEach(endCloudProcesses);
afterAll(() => {
  if (before === undefined) delete process.env['SLUICE_CONFIG'];
  else process.env['SLUICE_CONFIG'] = before;
  directory.remove();
});

const BUCKET = 'sluice-former';
const keysSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });

function configure(fields: object): void {
  const defineConfig = join(repositoryRoot, 'lib', 'config', 'defineConfig.ts');
  const config = { bucket: BUCKET, readers: [{ kind: 'metabase', name: 'metabase' }], ...fields };
  writeFileSync(
    configFile,
    `import { defineConfig } from ${JSON.stringify(defineConfig)};\nexport default defineConfig(${JSON.stringify(config)});\n`,
  );
}

async function land(cloud: CloudProcess, userID: string, time: string): Promise<void> {
  const response = await fetch(`${cloud.collector}/v1/rgstr?k=client-former`, {
    method: 'POST',
    body: JSON.stringify({ events: [{ eventName: 'seen', user: { userID }, time: Date.parse(time) }] }),
  });
  expect(response.status).toBe(202);
  await cloud.flush();
}

async function moveClock(cloud: CloudProcess, now: string): Promise<void> {
  const answer = await fetch(`${cloud.edge}/_sluice/clock`, {
    method: 'POST',
    body: JSON.stringify({ now }),
  });
  expect(answer.ok).toBe(true);
}

const place = (cloud: CloudProcess) => ({ endpoint: cloud.edge, region: 'us-east-1' });

/** Days and users, as Metabase's own user reads them. */
async function seenByReader(cloud: CloudProcess): Promise<string[]> {
  const answer = await fetch(`${cloud.edge}/_sluice/credentials`, {
    method: 'POST',
    body: JSON.stringify({ principal: 'ReaderMetabaseUser' }),
  });
  const credentials = keysSchema.parse(await answer.json());
  const athena = new AthenaClient({ ...place(cloud), credentials });
  try {
    const sql = 'SELECT user_id, ds FROM sluice.product_events ORDER BY 1';
    const rows = await athenaRows(athena, sql, { WorkGroup: 'sluice_metabase' });
    return rows.map((row) => `${row['user_id']} ${row['ds']}`);
  } finally {
    athena.destroy();
  }
}

async function folders(cloud: CloudProcess): Promise<string[]> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ ...place(cloud), credentials });
  try {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    return Contents.flatMap(({ Key = '' }) => {
      const [, folder, day] = /^(\w+)\/statsig_forwarded_events\/\w+\/([\d-]+)\//.exec(Key) ?? [];
      return folder === undefined ? [] : [`${folder} ${day}`];
    });
  } finally {
    s3.destroy();
  }
}

describe('a deployment whose Statsig folder changes', () => {
  it('keeps earlier days readable for tables and readers, takes what is late for them, and erases in both', async () => {
    configure({});
    const first = await startCloudProcess(data);
    await moveClock(first, '2026-11-19T12:00:00Z');
    await land(first, 'ada', '2026-11-19T10:00:00Z');
    await first.end('SIGINT');

    configure({
      statsigFolder: 'acme',
      formerStatsigFolders: [{ folder: 'statsig', until: '2026-11-21' }],
    });
    const cloud = await startCloudProcess(data);
    await moveClock(cloud, '2026-11-22T12:00:00Z');
    await land(cloud, 'bob', '2026-11-19T11:00:00Z');
    await land(cloud, 'eve', '2026-11-22T11:00:00Z');
    expect(await folders(cloud)).toEqual(['acme 2026-11-22', 'statsig 2026-11-19', 'statsig 2026-11-19']);
    expect(await seenByReader(cloud)).toEqual(['ada 2026-11-19', 'bob 2026-11-19', 'eve 2026-11-22']);

    const units = ['ada', 'eve'].flatMap((name) => ['--unit', `user_id=${name}`]);
    const erased = await sluice('erase', ...units, '--local', '--endpoint-url', cloud.edge);
    // 3 as more may still be on its way.
    expect([erased.code, erased.stdout]).toEqual([3, expect.stringMatching(/^events +3 +3 +2 /m)]);
    expect(await seenByReader(cloud)).toEqual(['bob 2026-11-19']);
  }, 180_000);
});
