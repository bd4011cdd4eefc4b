import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { curatedDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { landedKey, landedUsers, usersIn } from '../../lib/erase/landedUsers.ts';
import { startErasures } from '../startErasures.ts';

const UNITS = ['user_id=gone'];
const DAY = '2026-11-20';

const erasures = await startErasures();
await erasures.queue('curate-plan');
afterAll(() => erasures.close());

/** A deployment of its own, with objects of the landing by their users. */
async function start() {
  const deployment = await erasures.deployment({ curate: true });
  return {
    ...deployment,
    land: (name: string, ...users: readonly string[]) =>
      deployment.put(landedKey(name), landedUsers(...users)),
    usersOf: async (name: string) => usersIn(await deployment.read(landedKey(name))),
  };
}

describe('two erasures of the same units on one machine', () => {
  it('do not use the files of each other', async () => {
    const { land, run, usersOf } = await start();
    await land('a', 'gone', 'stays-a');
    await land('b', 'gone', 'stays-b');
    let other: Awaited<ReturnType<typeof run>> | undefined;
    // The file that replaces the first object is written, and not uploaded yet.
    await run(UNITS, {
      async faultPoint(step) {
        if (step === 'noted') other = await run(UNITS, { dryRun: true });
      },
    });
    expect(other?.total.landing?.rows).toBe(2);
    expect(await usersOf('a')).toEqual(['stays-a']);
    expect(await usersOf('b')).toEqual(['stays-b']);
  });

  it('do not hide what is written meanwhile', async () => {
    const { land, run, usersOf } = await start();
    await land('c', 'stays-c');
    await land('c', 'gone');
    await run(UNITS, {
      async faultPoint(step) {
        if (step === 'noted') await land('c', 'new-c', 'gone');
      },
    });
    expect(await usersOf('c')).toEqual(['new-c']);
  });

  it('takes a day out of the list that was listed again meanwhile', async () => {
    const { config, put, read, run } = await start();
    const list = { days: { [DAY]: { version: 'v', shape: 's', fingerprint: 'f' } } };
    const key = curatedDaysKey('events');
    await put(key, JSON.stringify(list));
    const file = await parquetOf("SELECT 'gone' AS user_id UNION ALL SELECT 'stays'");
    for (const name of ['a', 'b']) await put(`${dayFolder(config, 'events', DAY)}${name}.parquet`, file);
    const seen: string[][] = [];
    await run(UNITS, {
      async faultPoint(step) {
        if (step !== 'taken_out' && step !== 'replaced') return;
        seen.push([step, ...Object.keys(JSON.parse((await read(key)).toString()).days)]);
        if (step === 'replaced') await put(key, JSON.stringify(list));
      },
    });
    expect(seen).toEqual([['taken_out'], ['replaced'], ['taken_out'], ['replaced']]);
  });

  it('remove the folders of processes that were killed, and of nobody else', async () => {
    const { run } = await start();
    // No process has this ID: it is beyond the largest that Linux gives.
    const dead = join(tmpdir(), 'sluice-erase-99999999-abcdef');
    const alive = mkdtempSync(join(tmpdir(), `sluice-erase-${process.ppid}-`));
    mkdirSync(dead, { recursive: true });
    await run(UNITS, { dryRun: true });
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(alive)).toBe(true);
    rmSync(alive, { recursive: true });
    const own = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-erase-${process.pid}-`));
    expect(own).toEqual([]);
  });
});
