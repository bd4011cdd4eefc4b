import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { quoteName } from '../../../lib/base/sql.ts';
import { addDays } from '../../../lib/base/time.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { curateFiles } from '../../../lib/curate/engine/curateFiles.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { type CuratedDays, dayRanges } from '../../../lib/views/curatedDays.ts';
import type { ViewName } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { writeRaw } from '../curate/engine/rawFiles.ts';
import { curateRows } from './curateRows.ts';
import { generateDays } from './generateDays.ts';
import { type Drawing, drawing, GROUP_ROWS } from './generateRows.ts';
import type { LandedRow } from './openData.ts';
import { configOf, ViewDatabases } from './ViewDatabases.ts';

const FIRST = '2026-01-01';
const DAYS = 1_000;
const ROUNDS = 10;
const ENGINE_DAYS = 40;

const scratch = temporaryDirectory();
const databases = await ViewDatabases.open(scratch.path);
afterAll(async () => {
  await databases[Symbol.asyncDispose]();
  scratch.remove();
});

/** Draws a list of days, each with the same chance. Rows may also be on the day after the last. */
function someDays(draw: Drawing, days: number, part: number): CuratedDays {
  const some = () =>
    dayRanges(Array.from({ length: days + 1 }, (_, n) => addDays(FIRST, n)).filter(() => draw.chance(part)));
  return { exposures: some(), events: some() };
}

describe('views with curated days', () => {
  it('show the same rows with any list of days in any view, over 10,000 random days', async () => {
    const shown = new Map<ViewName, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const draw = drawing(40_000 + round);
      const rows = generateDays(50_000 + round, FIRST, DAYS);
      const part = draw.pick([0.05, 0.5, 0.95, 1]);
      await databases.fill({
        rows,
        curated: (kind) => curateRows(kind, rows[kind]),
        groups: round % 4 < 2 ? [] : GROUP_ROWS,
        holdouts: round % 2 === 0,
        lists: () => someDays(draw, DAYS, part),
      });
      for (const name of viewNames) {
        const { rows: count, different } = await databases.compare(name);
        expect({ round, name, different }).toEqual({ round, name, different: 0 });
        shown.set(name, (shown.get(name) ?? 0) + count);
      }
    }
    for (const name of viewNames) expect([name, (shown.get(name) ?? 0) > 20 * ROUNDS]).toEqual([name, true]);
  }, 300_000);

  it('show the same rows with the files of the engine, which are those that are worked out without SQL', async () => {
    const draw = drawing(41_000);
    const rows = generateDays(51_000, FIRST, ENGINE_DAYS);
    const files = {
      exposures: await curateDays('exposures', rows.exposures, draw),
      events: await curateDays('events', rows.events, draw),
    };
    await databases.fill({
      rows,
      curated: (kind) => files[kind],
      groups: GROUP_ROWS,
      holdouts: true,
      lists: () => someDays(draw, ENGINE_DAYS, 0.7),
    });
    for (const kind of forwardedKinds) {
      const { name, columns, partitionKey } = curatedTables(configOf('before'))[kind];
      const all = [...columns, partitionKey];
      await databases.makeTable('wanted', all, curateRows(kind, rows[kind]));
      const names = all.map((column) => quoteName(column.name)).join(', ');
      const [made, wanted] = [quoteName(name), 'wanted'].map(
        (table) => `SELECT ${names} FROM before.${table}`,
      );
      const counted = await databases.numbers(
        `SELECT (SELECT count(*) FROM (${wanted})), (SELECT count(*) FROM (${made} EXCEPT ALL ${wanted})), (SELECT count(*) FROM (${wanted} EXCEPT ALL ${made}))`,
      );
      expect([kind, ...counted]).toEqual([kind, expect.any(Number), 0, 0]);
      expect(counted[0]).toBeGreaterThan(2 * ENGINE_DAYS);
      await databases.numbers('DROP TABLE before.wanted');
    }
    for (const name of viewNames) {
      const { rows: count, different } = await databases.compare(name);
      expect({ name, different }).toEqual({ name, different: 0 });
      expect([name, count > 20]).toEqual([name, true]);
    }
  });
});

/** The curated files of each day. The raw rows are in several files, some of them from before a column was added. */
async function curateDays(
  kind: ForwardedKind,
  rows: readonly LandedRow[],
  draw: Drawing,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const table = curatedTables(configOf('before'))[kind];
  const made = new Map<string, readonly string[]>();
  for (const [day, landed] of Map.groupBy(rows, ({ ds }) => ds)) {
    const folder = join(scratch.path, kind, day);
    const outputDirectory = join(folder, 'rows');
    const temporaryDirectory = join(folder, 'spilled');
    for (const path of [outputDirectory, temporaryDirectory]) mkdirSync(path, { recursive: true });
    const parts = Map.groupBy(landed, () => draw.below(3));
    const raw = await Promise.all(
      [...parts].map(([part, own]) => {
        const hasCompany = own.some((row) => row['company_id'] !== null);
        const columns = table.raw.filter(({ name }) => hasCompany || name !== 'company_id');
        return writeRaw(folder, `raw-${part}`, own, columns);
      }),
    );
    const batches = draw.chance(0.5) ? [raw] : raw.map((file) => [file]);
    const { written } = await curateFiles({
      table,
      files: raw.length,
      nextBatch: async () => batches.shift() ?? null,
      slices: 1,
      slice: 0,
      rowsAtOnce: draw.pick([3, 1_000_000]),
      outputDirectory,
      limits: { memoryMegabytes: 256, threads: 1, temporaryDirectory },
    });
    made.set(
      day,
      written.map(({ path }) => path),
    );
  }
  return made;
}
