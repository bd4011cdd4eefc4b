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
import { judge } from '../../observe/findings/judge/judge.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { acmeSource, eventsDataset, exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { dropCases } from './judgeCases/drops.ts';
import { type Objects, slowDeployment } from './slowDeployment.ts';
import { judgedDeployment, wellFacts } from './statusFacts.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const TODAY = utcDay(NOW);
const DAYS = 92;
/** Calls one after the other of an answer, at most: 2.5 s where each takes 40 ms. */
const MOST_IN_TURN = 62;
/** An answer has no more bytes. */
const MOST_BYTES = 300_000;

/** Customers with two datasets each. */
const customers = (count: number, lookbackDays?: number) =>
  defineConfig({
    bucket: 'own',
    sources: Array.from({ length: count }, (_, i) => {
      const name = `customer-${String(i).padStart(3, '0')}`;
      const datasets = ['orders', 'refunds'].map((dataset) => eventsDataset({ name: dataset, lookbackDays }));
      return acmeSource({ name, bucket: `${name}-drops`, datasets });
    }),
  });
const config = customers(100);
const all = configuredDatasets(config);
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

/** A deployment whose bucket has these objects, by default of the hundred customers. */
const deploymentOf = (objects: Objects, of = config) => slowDeployment({ config: of, now: NOW, objects });
const bytesOf = (answer: unknown) => Buffer.byteLength(JSON.stringify(answer));
const namesOf = (of: typeof config) =>
  configuredDatasets(of).map(({ source, dataset }) => `${source.name}/${dataset.name}`);
const nameOf = ({ source, dataset }: DropsCalendar['datasets'][number]) => `${source}/${dataset}`;
const about = { datasets: all, exports: [] };
const failure = { code: 'SLUICE_INGEST_COLUMN_MISSING', message: 'column "a": missing.' };
const failed = { state: 'failed', failure, failingSince: NOW - 1, updatedAt: NOW } as const;

describe('what a dataset or an export needs', () => {
  it.each(dropCases)('%s', (_what, more) => {
    const facts = { ...wellFacts, ...more };
    const needs = [...(facts.datasets ?? []).map(needOf), ...(facts.exports ?? []).map(exportNeed)];
    const found = judge(facts, judgedDeployment, 'eu-central-1');
    const worstOf = (severities: readonly (string | null)[]) =>
      ['problem', 'warning'].find((one) => severities.includes(one));
    expect(worstOf(needs)).toBe(worstOf(found.map(({ severity }) => severity)));
  });
});

/** A page of the datasets of a configuration. */
const pageOf = (
  deployment: Parameters<typeof readDropsPage>[0],
  of: typeof config,
  wanted: Parameters<typeof readDropsPage>[2],
) => readDropsPage(deployment, { datasets: configuredDatasets(of), exports: [] }, wanted);
const old = addDays(TODAY, -9);
/** Twenty datasets. */
const few = customers(10);
const last = configuredDatasets(few).at(-1);
const lastName = `${last?.source.name}/${last?.dataset.name}`;
const older = addDays(TODAY, -25);
const lastWeek = Array.from({ length: 7 }, (_, i) => addDays(TODAY, i - 6));
/** Few rows for the dataset. */
const unusual = { rows: { in: 1, out: 1, refused: 0 } } satisfies Partial<LedgerEntry>;

describe('two hundred datasets of 92 days', () => {
  it('are shown in pages, first the one that needs somebody', async () => {
    const bad = 'customer-077/refunds';
    const { deployment, timed } = deploymentOf(
      bucketOf((name, day) => (name === bad && day === TODAY ? failed : {})),
    );
    const { answer, inTurn, atOnce } = await timed(() => readDropsPage(deployment, about, { days: DAYS }));
    expect(inTurn).toBeLessThanOrEqual(MOST_IN_TURN);
    // 48 entries of the ledger, and the folders and partitions of 5 tables.
    expect(atOnce).toBeLessThanOrEqual(58);
    expect(answer).toMatchObject({ hasProblem: true, calendar: { total: 200, needing: 1 } });
    expect(bytesOf(answer.calendar)).toBeLessThanOrEqual(MOST_BYTES);
    const sorted = [bad, ...namesOf(config).filter((name) => name !== bad)];
    const names = answer.calendar.datasets.map(nameOf);
    expect(names.length).toBeGreaterThan(0);
    expect(names).toEqual(sorted.slice(0, names.length));
    expect(answer.calendar.datasets.every(({ days: read }) => read.length === DAYS)).toBe(true);
  });

  it('go on after the last of a page, although it is repaired before the next page is read', async () => {
    const isBad = (name: string) => name.endsWith('/orders');
    const bucket = bucketOf((name, day) => (isBad(name) && day === TODAY ? failed : {}));
    const mended = new Map<string, string>();
    const { deployment } = deploymentOf({ get: (key) => mended.get(key) ?? bucket.get(key) });
    const { calendar } = await readDropsPage(deployment, about, { days: 14 });
    const end = calendar.datasets.at(-1);
    expect(calendar.next).toBe(`problem:${end?.source}/orders`);
    const repaired = [end?.source ?? '', 'orders'] as const;
    mended.set(ledgerKey(...repaired, TODAY), bucketOf(() => ({})).get(ledgerKey(...repaired, TODAY)) ?? '');
    const wanted = { days: 14, after: calendar.next ?? '' };
    const { calendar: following } = await readDropsPage(deployment, about, wanted);
    const bad = namesOf(config).filter(isBad);
    expect(following.datasets.map(nameOf)[0]).toBe(bad[calendar.datasets.length]);
  });

  it('have a status within 300 kB, which says how many it leaves out', async () => {
    const { deployment, timed } = deploymentOf(bucketOf(() => failed));
    const { answer, inTurn, atOnce } = await timed(() => readStatus(deployment));
    expect(inTurn).toBeLessThanOrEqual(MOST_IN_TURN);
    // 48 entries of the ledger, 12 of folders and partitions, and what is read beside them, as queues and erasures.
    expect(atOnce).toBeLessThanOrEqual(82);
    expect(bytesOf(answer)).toBeLessThanOrEqual(MOST_BYTES);
    expect(answer).toMatchObject({ isWell: false, datasets: { total: 200, needing: 200 } });
    const shown = answer.problems.filter(({ code }) => code === 'SLUICE_FINDING_INGEST_FAILED').length;
    expect(shown + (answer.more.SLUICE_FINDING_INGEST_FAILED ?? 0)).toBe(200);
    const states = sum(Object.values(answer.datasets?.others ?? {}));
    expect(states).toBe((200 - (answer.datasets?.shown.length ?? 0)) * 7);
    const told = statusText(answer, (words) => `sluice ${words.join(' ')} --stage prod`);
    expect(told).toContain(`: ${answer.found.problem} problems`);
    expect(answer.found.problem).toBeGreaterThanOrEqual(200);
    expect(told).toContain('`sluice ingest status --stage prod` shows them');
    expect(Buffer.byteLength(told)).toBeLessThanOrEqual(MOST_BYTES);
  });
});

describe('twenty datasets', () => {
  it.each([
    {
      what: 'an unusual day of the lookback',
      of: customers(10, 30),
      change: unusual,
      asked: {},
      need: 'warning',
    },
    {
      what: 'a failed day of a span that is asked',
      of: few,
      change: failed,
      asked: { until: old },
      need: 'problem',
    },
  ] as const)('begin with the dataset that has $what', async ({ of, change, asked, need }) => {
    const { deployment } = deploymentOf(
      bucketOf((name, day) => (name === lastName && day === old ? change : {})),
      of,
    );
    const wanted = { days: 14, ...asked };
    const page = await pageOf(deployment, of, wanted);
    expect(page.calendar.needing).toBe(1);
    const [first] = page.calendar.datasets.map((drops) => ({ name: nameOf(drops), need: needOf(drops) }));
    expect(first).toEqual({ name: lastName, need });
    expect(page.hasProblem).toBe(need === 'problem');
  });

  /** The calendar where one day of the last table has a folder and no partition. */
  const readWithoutPartition = async (isGlueDenied: boolean) => {
    const folders = ingestedTableFolders(few, last?.dataset.table ?? '').map((folder) => `${folder}${old}/`);
    const objects = bucketOf(() => ({ filesWritten: ['a.parquet'] }));
    const { deployment } = slowDeployment({ config: few, now: NOW, objects, folders, isGlueDenied });
    const { calendar } = await pageOf(deployment, few, { days: 7 });
    const unread = calendar.datasets.flatMap((drops) =>
      (drops.unread ?? []).map(({ day }) => ({ name: nameOf(drops), day })),
    );
    return { unread, needing: calendar.needing, unknown: calendar.unknown };
  };

  it('have days without a partition', async () => {
    expect(await readWithoutPartition(false)).toEqual({
      unread: [{ name: lastName, day: old }],
      needing: 1,
      unknown: [],
    });
  });

  it('say that days without a partition could not be read', async () => {
    const why = expect.stringContaining('denied');
    expect(await readWithoutPartition(true)).toEqual({
      unread: [],
      needing: 0,
      unknown: [{ part: 'days without a partition', why }],
    });
  });

  it('have all but the days and the listings whose objects of the ledger are damaged, which are named', async () => {
    const damaged = [
      ledgerKey('customer-001', 'orders', addDays(TODAY, -1)),
      lastLookKey('customer-002', 'orders'),
    ];
    const bucket = bucketOf((name) => (name === lastName ? failed : {}));
    const objects: Objects = { get: (key) => (damaged.includes(key) ? '{' : bucket.get(key)) };
    const { deployment } = deploymentOf(objects, few);
    const { calendar, hasProblem } = await pageOf(deployment, few, { days: 7 });
    expect(calendar.unknown.map(({ part }) => part).sort()).toEqual(damaged);
    expect(calendar.total).toBe(20);
    expect(hasProblem).toBe(true);
    const { problems, datasets } = await readStatus(deployment);
    expect(datasets?.total).toBe(20);
    const codes = problems.map(({ code, detail }) => [code, damaged.some((key) => detail.includes(key))]);
    expect(codes).toContainEqual(['SLUICE_FINDING_LEDGER_DAMAGED', true]);
    expect(codes).toContainEqual(['SLUICE_FINDING_INGEST_FAILED', false]);
    expect(problems.filter(({ detail }) => detail.includes('never listed'))).toEqual([]);
  });

  it('go on with those that need nobody after the last that needs somebody', async () => {
    const { deployment } = deploymentOf(
      bucketOf((name) => (name === lastName ? failed : {})),
      few,
    );
    const { calendar } = await pageOf(deployment, few, { days: 1, after: `problem:${lastName}` });
    expect(calendar.datasets.slice(0, 1).map(nameOf)).toEqual(['customer-000/orders']);
  });

  it.each(['nobody/none', 'none:nobody/none', `worst:${lastName}`])(
    'have no page after %s, which is none of them',
    async (after) => {
      const { deployment } = deploymentOf(new Map(), few);
      const page = pageOf(deployment, few, { days: 1, after });
      await expect(page).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' });
    },
  );
});

describe('one dataset', () => {
  it('is a page of few bytes, although each day left out objects with long names', async () => {
    const left = { fate: 'left_out', reason: 'not_parquet', size: 9, eTag: '"e"' } as const;
    const files = Array.from({ length: 9 }, (_, i) => ({ ...left, key: `${i}${'x'.repeat(1_000)}` }));
    const { deployment } = deploymentOf(bucketOf((name) => (name === lastName ? { files } : {})));
    const datasets = last === undefined ? [] : [last];
    const { calendar } = await readDropsPage(deployment, { datasets, exports: [] }, { days: DAYS });
    expect(calendar.datasets[0]?.days[0]?.leftOut.count).toBe(9);
    expect(bytesOf(calendar)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('shows an unusual day of its lookback that is older than the days that are asked, and needs somebody', async () => {
    const short = defineConfig({
      bucket: 'own',
      sources: [acmeSource({ datasets: [eventsDataset({ lookbackDays: 25 })] })],
    });
    const subject = { source: 'acme', dataset: 'events', day: older };
    const entry = ledgerEntry({ ...subject, usualRows: 1_000, updatedAt: NOW, ...unusual });
    const objects = new Map([[ledgerKey('acme', 'events', older), JSON.stringify(entry)]]);
    const { deployment } = deploymentOf(objects, short);
    const { calendar } = await pageOf(deployment, short, { days: lastWeek.length });
    expect(calendar.days).toEqual([older, ...lastWeek]);
    const shown = calendar.datasets.map((drops) => ({
      days: drops.days.map(({ day }) => day),
      need: needOf(drops),
    }));
    expect(shown).toEqual([{ days: [older, ...lastWeek], need: 'warning' }]);
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
    if (failing === undefined) throw new Error('no export');
    const subject = exportSubject(failing, older);
    const entry = ledgerEntry({ ...subject, ...failed });
    const objects = new Map([[ledgerKey(subject.source, subject.dataset, older), JSON.stringify(entry)]]);
    const { deployment } = deploymentOf(objects, defineConfig({ bucket: 'own', exports }));
    const { calendar } = await readDropsPage(
      deployment,
      { datasets: [], exports },
      { days: lastWeek.length },
    );
    // The newest day of an export is yesterday.
    const shownDays = [older, ...lastWeek.map((day) => addDays(day, -1))];
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
