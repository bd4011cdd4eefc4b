import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../../cli/ingest/dropFiles.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { EraseFaultPoint } from '../../../lib/erase/ObjectEraser.ts';
import { parseUnit } from '../../../lib/erase/units/Unit.ts';
import { curatedDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { erase } from '../../../operate/erase/erase.ts';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { landedKey, landedUsers, usersIn } from '../../lib/erase/landedUsers.ts';

const BUCKET = 'acme-experiments';
const config = defineConfig({ bucket: BUCKET });

const server = await startS3();
server.store.createBucket(BUCKET);
afterAll(() => server.close());

describe('two erasures of the same units on one machine', () => {
  const put = (Key: string, ...users: readonly string[]) =>
    server.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: landedUsers(...users) }));
  const usersOf = async (Key: string) => {
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return usersIn(await Body?.transformToByteArray());
  };
  const run = async (dryRun: boolean, faultPoint?: (step: EraseFaultPoint) => void | Promise<void>) => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const deployment = openDeployment(
      { config, stack: { service: 'sluice', stage: 'local' }, isLocal: true, now: Date.now() },
      { endpoint: server.url, region: 'us-east-1', credentials },
    );
    try {
      const units = [parseUnit('user_id=gone', config)];
      return await erase(deployment, { units, dryRun, ...(faultPoint === undefined ? {} : { faultPoint }) });
    } finally {
      deployment.close();
    }
  };

  it('do not use the files of each other', async () => {
    await put(landedKey('a'), 'gone', 'stays-a');
    await put(landedKey('b'), 'gone', 'stays-b');
    let other: Awaited<ReturnType<typeof run>> | undefined;
    // The file that replaces the first object is written, and not uploaded yet.
    await run(false, async (step) => {
      if (step === 'noted') other = await run(true);
    });
    expect(other?.total.landing?.rows).toBe(2);
    expect(await usersOf(landedKey('a'))).toEqual(['stays-a']);
    expect(await usersOf(landedKey('b'))).toEqual(['stays-b']);
  });

  it('do not hide what is written meanwhile', async () => {
    await server.client.send(
      new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await put(landedKey('c'), 'stays-c');
    await put(landedKey('c'), 'gone');
    await run(false, async (step) => {
      if (step === 'noted') await put(landedKey('c'), 'new-c', 'gone');
    });
    expect(await usersOf(landedKey('c'))).toEqual(['new-c']);
  });

  it('takes a day out of the list that was listed again meanwhile', async () => {
    const list = { days: { '2026-11-20': { version: 'v', shape: 's', fingerprint: 'f' } } };
    const object = { Bucket: BUCKET, Key: curatedDaysKey('events') };
    const write = () => server.client.send(new PutObjectCommand({ ...object, Body: JSON.stringify(list) }));
    await write();
    for (const name of ['a', 'b'])
      await server.client.send(
        new PutObjectCommand({
          Bucket: BUCKET,
          Key: `${dayFolder(config, 'events', '2026-11-20')}${name}.parquet`,
          Body: await parquetFromQuery("SELECT 'gone' AS user_id UNION ALL SELECT 'stays'"),
        }),
      );
    const seen: string[][] = [];
    await run(false, async (step) => {
      if (step !== 'taken_out' && step !== 'replaced') return;
      const { Body } = await server.client.send(new GetObjectCommand(object));
      seen.push([step, ...Object.keys(JSON.parse((await Body?.transformToString()) ?? '').days)]);
      if (step === 'replaced') await write();
    }).catch(() => undefined);
    expect(seen).toEqual([['taken_out'], ['replaced'], ['taken_out'], ['replaced']]);
  });

  it('remove the folders of processes that were killed, and of nobody else', async () => {
    // No process has this ID: it is beyond the largest that Linux gives.
    const dead = join(tmpdir(), 'sluice-erase-99999999-abcdef');
    const alive = mkdtempSync(join(tmpdir(), `sluice-erase-${process.ppid}-`));
    mkdirSync(dead, { recursive: true });
    await run(true);
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(alive)).toBe(true);
    rmSync(alive, { recursive: true });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-erase-${process.pid}-`))).toEqual(
      [],
    );
  });
});
