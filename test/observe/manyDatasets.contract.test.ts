import { describe, expect, it } from '@jest/globals';
import { statusText } from '../../cli/observe/statusText.ts';
import { sum } from '../../lib/base/sum.ts';
import { addDays, HOUR_MS, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { exportSubject, lastLookKey, ledgerKey } from '../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolders } from '../../lib/tables/tableFolders.ts';
import { configuredDatasets } from '../../observe/facts/days/datasets.ts';
import { exportNeed, needOf } from '../../observe/facts/days/dropNeeds.ts';
import { type DropsCalendar, readDropsPage } from '../../observe/facts/days/dropsPage.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { acmeSource, eventsDataset, exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { type Objects, slowDeployment } from './slowDeployment.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const TODAY = utcDay(NOW);
const DAYS = 92;
/** Calls one after the other of an answer, at most: 2.5 s where each takes 40 ms, as in slowDeployment.ts. */
const MOST_IN_TURN = 62;
/** An answer has no more bytes. */
const MOST_BYTES = 300_000;

type Config = ReturnType<typeof defineConfig>;

/** Customers with two datasets each. */
const customers = (count: number, lookbackDays?: number): Config =>
  defineConfig({
    bucket: 'own',
    sources: Array.from({ length: count }, (_, i) => {
      const name = `customer-${String(i).padStart(3, '0')}`;
      const datasets = ['orders', 'refunds'].map((dataset) => eventsDataset({ name: dataset, lookbackDays }));
      return acmeSource({ name, bucket: `${name}-drops`, datasets });
    }),
  });
const twoHundred = customers(100);
const twenty = customers(10);
const all = configuredDatasets(twoHundred);
const days = Array.from({ length: DAYS }, (_, i) => addDays(TODAY, i + 1 - DAYS));
const notes = new Set(all.map(({ source, dataset }) => lastLookKey(source.name, dataset.name)));
const entries = new Map(
  all.flatMap(({ source, dataset }) =>
    days.map((day) => [ledgerKey(source.name, dataset.name, day), { source, dataset, day }]),
  ),
);

/** What a test changes of the entry of a day. */
type Change = (name: string, day: UtcDay) => Partial<LedgerEntry>;

/** What the bucket has: each day loaded, and the notes of the last runs. A text is made when it is read. */
function bucketOf(change: Change): Objects {
  return {
    get(key) {
      const note = { at: NOW - HOUR_MS, newestDay: TODAY, stopped: false, openDays: [] };
      if (notes.has(key)) return JSON.stringify(note);
      const place = entries.get(key);
      if (place === undefined) return undefined;
      const { source, dataset, day } = place;
      const entry = ledgerEntry({
        source: source.name,
        dataset: dataset.name,
        day,
        table: dataset.table,
        files: [{ key: `${dataset.folder}/${day}/a`, size: 9, eTag: '"e"', fate: 'loaded' }],
        rows: { in: 1_000, out: 1_000, refused: 0 },
        usualRows: 1_000,
        version: '20261120T100000000Z-0123456789abcdef',
        ...change(`${source.name}/${dataset.name}`, day),
      });
      return JSON.stringify(entry);
    },
  };
}

/** A deployment whose bucket has these objects. */
const deploymentOf = (objects: Objects, config: Config) => slowDeployment({ config, now: NOW, objects });
const bytesOf = (answer: unknown) => Buffer.byteLength(JSON.stringify(answer));
const namesOf = (config: Config): readonly string[] =>
  configuredDatasets(config).map(({ source, dataset }) => `${source.name}/${dataset.name}`);
const nameOf = ({ source, dataset }: DropsCalendar['datasets'][number]) => `${source}/${dataset}`;
const failure = { code: 'SLUICE_INGEST_COLUMN_MISSING', message: 'column "a": missing.' };
const failed = { state: 'failed', failure, failingSince: NOW - 1, updatedAt: NOW } as const;

/** A page of the datasets of a configuration. */
const pageOf = (
  deployment: Parameters<typeof readDropsPage>[0],
  config: Config,
  wanted: Parameters<typeof readDropsPage>[2],
) => readDropsPage(deployment, { datasets: configuredDatasets(config), exports: [] }, wanted);
const nineDaysAgo = addDays(TODAY, -9);
const days25Ago = addDays(TODAY, -25);
/** The last of the twenty datasets. */
const LAST = 'customer-009/refunds';
const lastDataset = configuredDatasets(twenty)[19];
if (lastDataset === undefined) throw new Error('There are not twenty datasets.');
const lastWeek = Array.from({ length: 7 }, (_, i) => addDays(TODAY, i - 6));
/** A day with one row, where a thousand are usual. */
const unusual = { rows: { in: 1, out: 1, refused: 0 } } satisfies Partial<LedgerEntry>;

describe('two hundred datasets of 92 days', () => {
  it('have a first page within the bounds of calls and bytes, which begins with the one that needs somebody', async () => {
    const bad = 'customer-077/refunds';
    const { deployment, timed } = deploymentOf(
      bucketOf((name, day) => (name === bad && day === TODAY ? failed : {})),
      twoHundred,
    );
    const { answer, inTurn, atOnce } = await timed(() => pageOf(deployment, twoHundred, { days: DAYS }));
    expect(inTurn).toBeLessThanOrEqual(MOST_IN_TURN);
    // 48 entries of the ledger, and the folders, partitions and entries of 5 tables.
    expect(atOnce).toBeLessThanOrEqual(63);
    expect(bytesOf(answer.calendar)).toBeLessThanOrEqual(MOST_BYTES);
    expect(answer).toMatchObject({ hasProblem: true, calendar: { total: 200, needing: 1 } });
    const names = answer.calendar.datasets.map(nameOf);
    expect(names.slice(0, 3)).toEqual([bad, 'customer-000/orders', 'customer-000/refunds']);
    expect(answer.calendar.datasets.map(({ days: read }) => read.length)).toEqual(names.map(() => DAYS));
  });

  it('go on after the last of a page, although it is repaired before the next page is read', async () => {
    const isBad = (name: string) => name.endsWith('/orders');
    const bucket = bucketOf((name, day) => (isBad(name) && day === TODAY ? failed : {}));
    const repaired = new Map<string, string>();
    const { deployment } = deploymentOf({ get: (key) => repaired.get(key) ?? bucket.get(key) }, twoHundred);
    const { calendar } = await pageOf(deployment, twoHundred, { days: 14 });
    expect(calendar.next).toBe('problem:customer-031/orders');
    const key = ledgerKey('customer-031', 'orders', TODAY);
    const well = bucketOf(() => ({})).get(key);
    if (well === undefined) throw new Error(`${key} is no entry.`);
    repaired.set(key, well);
    const wanted = { days: 14, after: 'problem:customer-031/orders' };
    const { calendar: following } = await pageOf(deployment, twoHundred, wanted);
    expect(following.datasets.slice(0, 1).map(nameOf)).toEqual(['customer-032/orders']);
  });

  it('have a status within 300 kB, which says how many it leaves out', async () => {
    const { deployment, timed } = deploymentOf(
      bucketOf(() => failed),
      twoHundred,
    );
    const { answer, inTurn, atOnce } = await timed(() => readStatus(deployment));
    expect(inTurn).toBeLessThanOrEqual(MOST_IN_TURN);
    // 48 entries of the ledger, 17 of folders, partitions and entries, and one for each of the other parts, as queues and erasures.
    expect(atOnce).toBeLessThanOrEqual(87);
    expect(bytesOf(answer)).toBeLessThanOrEqual(MOST_BYTES);
    expect(answer).toMatchObject({ isWell: false, datasets: { total: 200, needing: 200 } });
    const shown = answer.problems.filter(({ code }) => code === 'SLUICE_FINDING_INGEST_FAILED').length;
    expect(shown + (answer.more.SLUICE_FINDING_INGEST_FAILED ?? 0)).toBe(200);
    // The status has the states of the last seven days.
    const states = sum(Object.values(answer.datasets?.others ?? {}));
    expect(states / 7 + (answer.datasets?.shown.length ?? 0)).toBe(200);
    const told = statusText(answer, (words) => `sluice ${words.join(' ')} --stage prod`);
    // Of each dataset, and of what this deployment lacks besides.
    expect(told).toMatch(/: 2\d\d problems/);
    expect(told).toContain('`sluice ingest status --stage prod` shows them');
    expect(Buffer.byteLength(told)).toBeLessThanOrEqual(MOST_BYTES);
  });
});

describe('twenty datasets', () => {
  it('are each on one page, about five of them on a page of 92 days', async () => {
    const { deployment } = deploymentOf(
      bucketOf(() => ({})),
      twenty,
    );
    const names: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const { calendar } = await pageOf(deployment, twenty, { days: DAYS, after });
      names.push(...calendar.datasets.map(nameOf));
      after = calendar.next ?? undefined;
      pages += 1;
    } while (after !== undefined);
    expect(names).toEqual(namesOf(twenty));
    expect(pages).toBeLessThanOrEqual(5);
  });

  it.each([
    {
      what: 'an unusual day of the lookback',
      config: customers(10, 30),
      change: unusual,
      asked: {},
      need: 'warning',
    },
    {
      what: 'a failed day of a span that is asked',
      config: twenty,
      change: failed,
      asked: { until: nineDaysAgo },
      need: 'problem',
    },
  ] as const)('begin with the dataset that has $what', async ({ config, change, asked, need }) => {
    const { deployment } = deploymentOf(
      bucketOf((name, day) => (name === LAST && day === nineDaysAgo ? change : {})),
      config,
    );
    const wanted = { days: 14, ...asked };
    const page = await pageOf(deployment, config, wanted);
    expect(page.calendar.needing).toBe(1);
    const [first] = page.calendar.datasets.map((drops) => ({ name: nameOf(drops), need: needOf(drops) }));
    expect(first).toEqual({ name: LAST, need });
    expect(page.hasProblem).toBe(need === 'problem');
  });

  /** The calendar where one day of the last table has a folder and, as far as Glue says, no partition. */
  const readWithoutPartition = async ({ isGlueDenied }: { readonly isGlueDenied: boolean }) => {
    const folders = ingestedTableFolders(twenty, lastDataset.dataset.table).map(
      (folder) => `${folder}${nineDaysAgo}/`,
    );
    const objects = bucketOf(() => ({ filesWritten: ['a.parquet'] }));
    const { deployment } = slowDeployment({ config: twenty, now: NOW, objects, folders, isGlueDenied });
    const { calendar } = await pageOf(deployment, twenty, { days: 7 });
    const unread = calendar.datasets.flatMap((drops) =>
      (drops.unread ?? []).map(({ day }) => ({ name: nameOf(drops), day })),
    );
    return { unread, needing: calendar.needing, unknown: calendar.unknown };
  };

  it('show the day that has files and no partition', async () => {
    expect(await readWithoutPartition({ isGlueDenied: false })).toEqual({
      unread: [{ name: LAST, day: nineDaysAgo }],
      needing: 1,
      unknown: [],
    });
  });

  it('show the day that has files and no entry', async () => {
    const folders = ingestedTableFolders(twenty, lastDataset.dataset.table).map(
      (folder) => `${folder}${addDays(TODAY, -400)}/`,
    );
    const objects = bucketOf(() => ({}));
    const { deployment } = slowDeployment({ config: twenty, now: NOW, objects, folders });
    const { calendar } = await pageOf(deployment, twenty, { days: 7 });
    const forgotten = calendar.datasets.flatMap((drops) =>
      (drops.forgotten ?? []).map((day) => ({ name: nameOf(drops), day })),
    );
    expect(forgotten).toEqual([{ name: LAST, day: addDays(TODAY, -400) }]);
    expect(calendar.needing).toBe(1);
  });

  it('say that days without a partition could not be read', async () => {
    const why = expect.stringContaining('denied');
    expect(await readWithoutPartition({ isGlueDenied: true })).toEqual({
      unread: [],
      needing: 0,
      unknown: [{ part: 'days without a partition', why }],
    });
  });

  it('show all but the damaged objects of the ledger, and name those', async () => {
    const damaged = [
      ledgerKey('customer-001', 'orders', addDays(TODAY, -1)),
      lastLookKey('customer-002', 'orders'),
    ];
    const bucket = bucketOf((name) => (name === LAST ? failed : {}));
    const objects: Objects = { get: (key) => (damaged.includes(key) ? '{' : bucket.get(key)) };
    const { deployment } = deploymentOf(objects, twenty);
    const { calendar, hasProblem } = await pageOf(deployment, twenty, { days: 7 });
    expect(new Set(calendar.unknown.map(({ part }) => part))).toEqual(new Set(damaged));
    expect(calendar.total).toBe(20);
    expect(hasProblem).toBe(true);
    const { problems, datasets } = await readStatus(deployment);
    expect(datasets?.total).toBe(20);
    const found = problems.map(({ code, detail }) => {
      return { code, namesDamaged: damaged.some((key) => detail.includes(key)) };
    });
    expect(found).toContainEqual({ code: 'SLUICE_FINDING_LEDGER_DAMAGED', namesDamaged: true });
    expect(found).toContainEqual({ code: 'SLUICE_FINDING_INGEST_FAILED', namesDamaged: false });
    expect(problems.filter(({ detail }) => detail.includes('never listed'))).toEqual([]);
  });

  it('go on with those that need nobody after the last that needs somebody', async () => {
    const { deployment } = deploymentOf(
      bucketOf((name) => (name === LAST ? failed : {})),
      twenty,
    );
    const { calendar } = await pageOf(deployment, twenty, { days: 1, after: `problem:${LAST}` });
    expect(calendar.datasets.slice(0, 1).map(nameOf)).toEqual(['customer-000/orders']);
  });

  it.each(['nobody/none', 'none:nobody/none', `worst:${LAST}`])(
    'have no page after %s, which is none of them',
    async (after) => {
      const { deployment } = deploymentOf(new Map(), twenty);
      const page = pageOf(deployment, twenty, { days: 1, after });
      await expect(page).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' });
    },
  );
});

describe('one dataset', () => {
  it('is a page of few bytes, although each day left out objects with long names', async () => {
    const left = { fate: 'left_out', reason: 'not_parquet', size: 9, eTag: '"e"' } as const;
    const files = Array.from({ length: 9 }, (_, i) => ({ ...left, key: `${i}${'x'.repeat(1_000)}` }));
    const { deployment } = deploymentOf(
      bucketOf((name) => (name === LAST ? { files } : {})),
      twoHundred,
    );
    const one = { datasets: [lastDataset], exports: [] };
    const { calendar } = await readDropsPage(deployment, one, { days: DAYS });
    expect(calendar.datasets[0]?.days[0]?.leftOut.count).toBe(9);
    expect(bytesOf(calendar)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('shows an unusual day of its lookback that is older than the days that are asked, and needs somebody', async () => {
    const short = defineConfig({
      bucket: 'own',
      sources: [acmeSource({ datasets: [eventsDataset({ lookbackDays: 25 })] })],
    });
    const subject = { source: 'acme', dataset: 'events', day: days25Ago };
    const entry = ledgerEntry({ ...subject, usualRows: 1_000, updatedAt: NOW, ...unusual });
    const objects = new Map([[ledgerKey('acme', 'events', days25Ago), JSON.stringify(entry)]]);
    const { deployment } = deploymentOf(objects, short);
    const { calendar } = await pageOf(deployment, short, { days: lastWeek.length });
    expect(calendar.days).toEqual([days25Ago, ...lastWeek]);
    const shown = calendar.datasets.map((drops) => ({
      days: drops.days.map(({ day }) => day),
      need: needOf(drops),
    }));
    expect(shown).toEqual([{ days: [days25Ago, ...lastWeek], need: 'warning' }]);
  });
});

describe('exports', () => {
  it('show a failed day that is older than the days that are asked, and need somebody', async () => {
    const { exports } = defineConfig({
      bucket: 'own',
      exports: [
        exportTo({ folder: 'well' }, { name: 'well', lookbackDays: 8 }),
        exportTo({ folder: 'to' }, { name: 'out', lookbackDays: 8 }),
      ],
    });
    const [, failing] = exports;
    if (failing === undefined) throw new Error('There is no second export.');
    const subject = exportSubject(failing, days25Ago);
    const entry = ledgerEntry({ ...subject, ...failed });
    const objects = new Map([[ledgerKey(subject.source, subject.dataset, days25Ago), JSON.stringify(entry)]]);
    const { deployment } = deploymentOf(objects, defineConfig({ bucket: 'own', exports }));
    const { calendar } = await readDropsPage(
      deployment,
      { datasets: [], exports },
      { days: lastWeek.length },
    );
    // The newest day of an export is yesterday.
    const shownDays = [days25Ago, ...lastWeek.map((day) => addDays(day, -1))];
    expect(calendar.days).toEqual([...shownDays, TODAY]);
    const shown = calendar.exports.map((line) => ({
      days: line.days.map(({ day }) => day),
      need: exportNeed(line),
    }));
    expect(shown).toEqual([
      { days: shownDays, need: 'problem' },
      { days: shownDays.slice(1), need: null },
    ]);
    expect(calendar.exports.slice(0, 1)).toMatchObject([
      {
        export: 'out',
        table: 'statsig_forwarded_events',
        target: 's3://acme-warehouse/to/',
        firstDay: '2026-11-12',
      },
    ]);
  });

  it('are shown in pages within 300 kB, eight of them on more than one', async () => {
    const exports = Array.from({ length: 8 }, (_, i) =>
      exportTo({ folder: `to-${i}` }, { name: `out-${i}` }),
    );
    const many = defineConfig({ bucket: 'own', exports });
    const { deployment } = deploymentOf(new Map(), many);
    const pages: DropsCalendar[] = [];
    do {
      const wanted = { days: DAYS, after: pages.at(-1)?.next ?? undefined };
      const { calendar } = await readDropsPage(deployment, { datasets: [], exports: many.exports }, wanted);
      pages.push(calendar);
    } while (pages.at(-1)?.next !== null);
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.max(...pages.map(bytesOf))).toBeLessThanOrEqual(MOST_BYTES);
    const names = pages.flatMap((page) => page.exports.map((exported) => exported.export));
    expect(names).toEqual(many.exports.map(({ name }) => name));
  });
});
