import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, MINUTE_MS, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type EraseFaultPoint, eraseFaultPoints } from '../../../lib/erase/ObjectEraser.ts';
import { parseUnit } from '../../../lib/erase/units/Unit.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import { curatedDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolder, tableFolder } from '../../../lib/tables/tableFolders.ts';
import { projectRoot } from '../../../local/roots.ts';
import { type EraseReceipt, erase } from '../../../operate/erase/erase.ts';
import { seededRandom } from '../../../packages/local-aws/src/base/index.ts';
import { callMain } from '../../harness/callMain.ts';
import { storyCloud } from '../../harness/storyCloud.ts';
import { eventually } from '../../harness/waiting.ts';
import { type DecodedVersion, decodeBucket } from './decodeBucket.ts';
import { EraseLake, idsIn, type Someone } from './EraseLake.ts';

/** Units that are erased: 1,000 for the full figure. */
const UNITS = Number(process.env['SLUICE_ERASE_UNITS'] ?? 12);
const SEED = Number(process.env['SLUICE_ERASE_SEED'] ?? 19);
const BUCKET = 'sluice-erase-proof';
const input = { bucket: BUCKET, curate: true, curateAfter: 1, unitIds: { companyID: 'company_id' } };
const config = defineConfig(input);
const today = utcDay(Date.now());
const days = [addDays(today, -3), addDays(today, -4)];

const story = await storyCloud(input);
const { cloud } = story;
const s3 = story.s3By();
const writer = story.s3By(await story.credentialsOf('WriteRole'));
const decoding = { s3, bucket: BUCKET, directory: story.scratch };
const lake = new EraseLake({
  s3,
  deleter: writer,
  config,
  directory: story.scratch,
  victims: UNITS,
  random: seededRandom(SEED),
});
afterAll(() => story.close());

describe('an erasure', () => {
  // A seed of its own, so that the lake's contents do not change the kills.
  const random = seededRandom(SEED + 1);
  let before: readonly DecodedVersion[];
  let after: readonly DecodedVersion[];
  const receipts: EraseReceipt[] = [];
  let kills = 0;

  beforeAll(
    async () => {
      for (const day of days) {
        for (const kind of forwardedKinds) await lake.landRaw(kind, day);
        await lake.landIngested(day);
      }
      await jump('00:30');
      await listed();
      await lake.send(cloud.collector);
      await cloud.flush();
      // So that what lands stays where it is.
      await story.setFaults({
        lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
      });
      await lake.landRefused(days[0] ?? '', Date.now());
      before = await decodeBucket(decoding);
      const beganAt = Date.now();
      await eraseAll();
      const seconds = Math.round((Date.now() - beganAt) / 1_000);
      after = await decodeBucket(decoding);
      const rows = (some: readonly DecodedVersion[]) =>
        some.reduce((all, version) => all + (version.rows?.length ?? 0), 0);
      // Jest keeps what goes through the streams.
      writeSync(
        2,
        `${UNITS - 1} units in ${receipts.length} erasures, killed ${kills} times, in ${seconds} s: ${before.length} versions with ${rows(before)} rows before, ${after.length} with ${rows(after)} after.\n`,
      );
    },
    300_000 + UNITS * 2_000,
  );

  /** In groups of random size, each killed at random steps until a run gets through. */
  async function eraseAll(): Promise<void> {
    for (let at = 1; at < lake.victims.length; ) {
      const size = 1 + Math.floor(random() * Math.max(5, UNITS / 20));
      const group = lake.victims.slice(at, at + size);
      at += size;
      for (let tries = 0; ; tries += 1) {
        const receipt = await run(group, tries < 3 ? killer() : undefined);
        if (receipt === null) continue;
        receipts.push(receipt);
        break;
      }
    }
  }

  /** Throws at a random step, some calls later. */
  function killer(): (step: EraseFaultPoint) => void {
    const point = eraseFaultPoints[Math.floor(random() * eraseFaultPoints.length)];
    let left = Math.floor(random() * 4);
    return (step) => {
      if (step !== point) return;
      if (left === 0) throw new Killed();
      left -= 1;
    };
  }

  async function run(units: readonly Someone[], faultPoint?: (step: EraseFaultPoint) => void) {
    try {
      return await erase(story.deployment(), {
        units: units.map(({ column, value }) => parseUnit(`${column}=${value}`, config)),
        dryRun: false,
        ...(faultPoint === undefined ? {} : { faultPoint }),
      });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      kills += 1;
      return null;
    }
  }

  async function jump(time: string): Promise<void> {
    await story.jumpTo(`${addDays(utcDay(story.clock.now()), 1)}T${time}:00Z`);
    await cloud.flush();
  }

  /** Waits until views read every day from the curated tables. */
  function listed(): Promise<Map<string, string>> {
    return eventually('every day in the lists of curated days', async () => {
      const versions = new Map<string, string>();
      for (const kind of forwardedKinds) {
        const text = await story.read(curatedDaysKey(kind)).catch(() => '{"days":{}}');
        const list = JSON.parse(Buffer.from(text).toString());
        for (const day of days) if (day in list.days) versions.set(`${kind}/${day}`, list.days[day].version);
      }
      if (versions.size === 2 * days.length) return versions;
      await cloud.flush();
      return null;
    });
  }

  const isState = (key: string) => key.startsWith(`${config.statsigFolder}/experiment-`);
  const erased = () => new Set(lake.victims.slice(1).map(({ value }) => value));
  const idsOf = (version: DecodedVersion) => {
    const found = new Set(version.texts.flatMap((text) => [...idsIn(text)]));
    return [...found].filter((id) => erased().has(id));
  };

  it('was killed on the way, and went on', () => {
    expect(kills).toBeGreaterThan(receipts.length / 2);
    expect(receipts.length).toBeGreaterThan(1);
    expect(receipts.some(({ run: { resumed } }) => resumed > 0)).toBe(true);
  });

  it('leaves nothing of its units in any version of any object', () => {
    const ours = before.filter(({ key }) => !isState(key));
    // The lake has them everywhere, also in versions that were overwritten or deleted.
    const had = new Set(
      ours
        .filter((version) => idsOf(version).length > 0)
        .map(({ key }) => key.split('/').slice(0, 2).join('/')),
    );
    expect(had.size).toBeGreaterThan(8);
    for (const folder of ['landing/2026', 'landing/direct', 'damaged/2026']) expect(had).toContain(folder);
    // What is behind the text of an object that waits was encoded in it.
    const encoded = ours
      .filter(({ key }) => key.startsWith('landing/'))
      .flatMap(({ texts }) => texts.slice(2));
    expect(encoded.flatMap((text) => [...idsIn(text)]).some((id) => erased().has(id))).toBe(true);
    const left = after.filter(({ key }) => !isState(key)).filter((version) => idsOf(version).length > 0);
    expect(left.map(({ key }) => key)).toEqual([]);
  });

  it('leaves what has nothing of its units byte for byte, version for version', () => {
    const now = new Map(after.map((version) => [`${version.key} ${version.versionId}`, version.digest]));
    const untouched = before.filter((version) => isState(version.key) || idsOf(version).length === 0);
    expect(untouched.length).toBeGreaterThan(10);
    expect(
      untouched
        .filter((version) => now.get(`${version.key} ${version.versionId}`) !== version.digest)
        .map(({ key }) => key),
    ).toEqual([]);
  });

  it('leaves the rows of others as they were, in every file of every table', () => {
    const tables = [
      ...forwardedKinds.map((kind) => tableFolder(config, kind)),
      ...['acme_events', 'acme_metrics'].map((table) => ingestedTableFolder(config, table)),
      tableFolder(config, 'quarantine'),
    ];
    const rowsOf = (versions: readonly DecodedVersion[], folder: string) =>
      new Map(
        versions
          .filter(({ key, isLatest, rows }) => isLatest && rows !== null && key.startsWith(folder))
          .map(({ key, rows }) => [key, [...(rows ?? [])].sort()] as const),
      );
    for (const folder of tables) {
      const large = new Set(
        before
          .filter((version) => version.key.startsWith('quarantine-large/') && idsOf(version).length > 0)
          .map(({ key }) => `s3://${BUCKET}/${key}`),
      );
      const isOthers = (row: string) => {
        const { raw, raw_encoding, raw_location } = JSON.parse(row);
        if (large.has(raw_location)) return false;
        // A refused body that is compressed or cut goes with every erasure.
        if (raw_encoding === 'base64' || (typeof raw === 'string' && !isJson(raw))) return false;
        return ![...idsIn(row)].some((id) => erased().has(id));
      };
      const rowsBefore = rowsOf(before, folder);
      expect(rowsBefore.size).toBeGreaterThan(0);
      const expected = new Map([...rowsBefore].map(([key, rows]) => [key, rows.filter(isOthers)]));
      expect({ folder, rows: rowsOf(after, folder) }).toEqual({ folder, rows: expected });
    }
  });

  it('leaves the rows of others in every object that waits', () => {
    // A refused body that is compressed goes with every erasure.
    const isOthers = (text: string) =>
      !text.includes('"raw_encoding":"base64"') && ![...idsIn(text)].some((id) => erased().has(id));
    const linesOf = (versions: readonly DecodedVersion[], isWanted: (line: string) => boolean) =>
      new Map(
        versions
          .filter(({ key, isLatest }) => isLatest && key.startsWith('landing/'))
          .map(({ key, texts: [, text = ''] }) => [key, text.split('\n').filter(isWanted)] as const)
          .filter(([, lines]) => lines.length > 0),
      );
    const isLine = (line: string) => line !== '';
    const expected = linesOf(before, (line) => isLine(line) && isOthers(line));
    expect(expected.size).toBeGreaterThan(2);
    expect([...linesOf(before, (line) => !isOthers(line)).values()].flat().length).toBeGreaterThan(10);
    expect(linesOf(after, isLine)).toEqual(expected);
  });

  it('leaves copies of requests with events of others alone', () => {
    const copies = (versions: readonly DecodedVersion[]) =>
      versions
        .filter(
          (version) => version.isLatest && version.key.startsWith('relay/') && idsOf(version).length === 0,
        )
        .map(({ key, versionId, digest }) => [key, versionId, digest]);
    expect(copies(before).length).toBeGreaterThan(0);
    expect(copies(after)).toEqual(copies(before));
    expect(after.filter(({ key, isLatest }) => isLatest && key.startsWith('relay/'))).toHaveLength(
      copies(before).length,
    );
  });

  it('has its days curated again, from the rows that are left', async () => {
    await story.clearFaults();
    // What waited is written in the first night, and its days are curated in the second.
    await jump('00:30');
    await jump('00:30');
    const versions = await listed();
    for (const decoded of await decodeBucket(decoding))
      if (decoded.isLatest && !isState(decoded.key))
        expect({ key: decoded.key, ids: idsOf(decoded) }).toEqual({ key: decoded.key, ids: [] });
    const now = await decodeBucket(decoding);
    for (const [name, version] of versions) {
      const [kind = 'events', day = ''] = name.split('/');
      const table = kind === 'events' ? config.curatedTables.events : config.curatedTables.exposures;
      const raw = kind === 'events' ? tableFolder(config, 'events') : tableFolder(config, 'exposures');
      const ids = (folder: string) =>
        new Set(
          now
            .filter(({ key, isLatest }) => isLatest && key.startsWith(folder))
            .flatMap(({ rows }) => (rows ?? []).map((row) => String(JSON.parse(row).event_id))),
        );
      const curated = ids(`${ingestedTableFolder(config, table)}${day}/${version}/`);
      expect(curated.size).toBeGreaterThan(10);
      expect({ name, curated }).toEqual({ name, curated: ids(`${raw}${day}/`) });
    }
  });

  it('is complete once a run that began late enough finds nothing', async () => {
    const [victim] = lake.victims.slice(1);
    if (victim === undefined) throw new Error('no victims');
    const group = [victim];
    const first = await run(group);
    expect(first?.state).toBe('again');
    expect(first?.run.hasFound).toBe(false);
    const early = await run(group);
    expect(early?.state).toBe('again');
    await story.clock.set((early?.completeFrom ?? 0) + 1);
    await cloud.flush();
    const done = await run(group);
    expect(done?.state).toBe('complete');
    expect(done?.run.hasFound).toBe(false);
    expect(done?.runs).toBe(3);
    const record = Buffer.from(await story.read(done?.record ?? ''));
    expect(record.toString()).not.toContain(victim.value);
  });

  it('of a process that is killed goes on when the command is run again', async () => {
    const [victim] = lake.victims;
    if (victim === undefined) throw new Error('no victims');
    const args = ['erase', '--unit', `${victim.column}=${victim.value}`, '--local', '--json'];
    const child = spawn(process.execPath, [join(projectRoot, 'cli', 'sluice.mjs'), ...args], {
      env: { ...process.env, ...story.env },
      stdio: 'ignore',
      detached: true,
    });
    const exited = once(child, 'exit');
    const deadline = Date.now() + MINUTE_MS;
    // It is about to change the first object.
    while (!(await isChanging()) && Date.now() < deadline) await pause(5);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    expect((await exited)[1]).toBe('SIGKILL');
    const { code, stdout } = await callMain(args, { env: story.env });
    const receipt = JSON.parse(stdout);
    expect(code).toBe(3);
    expect(receipt.state).toBe('again');
    expect(receipt.run.resumed).toBe(1);
    const left = (await decodeBucket(decoding))
      .filter(({ key }) => !isState(key))
      .filter(({ texts }) => texts.some((text) => idsIn(text).has(victim.value)));
    expect(left.map(({ key }) => key)).toEqual([]);
  });

  /** Whether the record of a run under way says that something was found. */
  async function isChanging(): Promise<boolean> {
    for (const key of await story.keys('ledger/_erasures/'))
      if (JSON.parse(Buffer.from(await story.read(key)).toString()).current?.hasFound === true) return true;
    return false;
  }
});

class Killed extends Error {}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
