import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { calendarText } from '../../cli/ingest/calendarText.ts';
import { statusText } from '../../cli/observe/statusText.ts';
import { sum } from '../../lib/base/sum.ts';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { exportSubject, lastLookKey, ledgerKey } from '../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolders } from '../../lib/tables/tableFolders.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { type DropsCalendar, exportNeed, needOf, readDropsPage } from '../../observe/facts/days/dropsPage.ts';
import { configuredDatasets } from '../../observe/facts/days/ledgerDays.ts';
import { judge } from '../../observe/findings/judge/judge.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { acmeSource, eventsDataset, exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { dropCases } from './judgeCases/drops.ts';
import { judgedDeployment, wellFacts } from './statusFacts.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const TODAY = utcDay(NOW);
const DAYS = 92;
/** Milliseconds of a call. */
const LATENCY = 40;
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

/** Objects of a bucket by their keys. */
type Objects = Pick<ReadonlyMap<string, string>, 'get'>;

/** What the bucket has: each day loaded, and the notes of the last runs. A text is made when it is read. */
function bucketOf(change: Change): Objects {
  return {
    get(key) {
      const note = { at: NOW - 3_600_000, newestDay: TODAY, stopped: false, openDays: [] };
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

/**
 * A deployment whose bucket has objects, and lists the folders of days that are given. Its catalog has no partition, and all else is
 * denied. A call takes {@link LATENCY} of a clock that stands while work is done.
 */
function deploymentOf(
  objects: Objects,
  of = config,
  {
    folders = [],
    isGlueDenied = false,
  }: { readonly folders?: readonly string[]; readonly isGlueDenied?: boolean } = {},
) {
  let now = 0;
  let turns = 0;
  const calls = { count: 0, atOnce: 0 };
  const waiting: { readonly due: number; readonly go: () => void }[] = [];
  // Time goes on once nothing else is to be done.
  const turn = () => {
    turns += 1;
    if (turns < 10) return void setImmediate(turn);
    turns = 0;
    now = Math.min(...waiting.map(({ due }) => due));
    const due = waiting.filter((call) => call.due === now);
    waiting.splice(0, waiting.length, ...waiting.filter((call) => call.due !== now));
    for (const { go } of due) go();
    if (waiting.length > 0) setImmediate(turn);
  };
  const listing = (prefix: string) => {
    const own = folders.filter((folder) => folder.startsWith(prefix));
    const xml = own.map((folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`).join('');
    return `<ListBucketResult>${xml}</ListBucketResult>`;
  };
  const call = async (
    hostname: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    prefix = '',
  ) => {
    calls.count += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (waiting.length === 0) setImmediate(turn);
    turns = 0;
    waiting.push({ due: now + LATENCY, go: resolve });
    calls.atOnce = Math.max(calls.atOnce, waiting.length);
    await promise;
    const object = objects.get(path.slice(1));
    if (hostname.startsWith('own.s3') && object !== undefined) return { status: 200, text: object };
    if (hostname.startsWith('own.s3') && path === '/') return { status: 200, text: listing(prefix) };
    if (hostname.startsWith('own.s3')) return { status: 404, text: '<Error><Code>NoSuchKey</Code></Error>' };
    const isPartitions = headers['x-amz-target']?.endsWith('.GetPartitions') === true;
    if (isPartitions && !isGlueDenied) return { status: 200, text: JSON.stringify({ Partitions: [] }) };
    return { status: 400, text: JSON.stringify({ __type: 'AccessDeniedException', message: 'denied' }) };
  };
  const requestHandler = {
    async handle(request: {
      hostname: string;
      path: string;
      headers: Record<string, string>;
      query: Record<string, string>;
    }) {
      const { hostname, path, query } = request;
      const { status, text } = await call(hostname, path, request.headers, query['prefix']);
      const headers = { etag: '"e"', 'last-modified': new Date(NOW).toUTCString() };
      return { response: { statusCode: status, headers, body: Readable.from([Buffer.from(text)]) } };
    },
    destroy: () => undefined,
  };
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const stack = { service: 'sluice', stage: 'prod' };
  const about = { config: of, stack, isLocal: false, now: NOW };
  const deployment: Deployment = openDeployment(about, {
    region: 'us-east-1',
    credentials,
    requestHandler: requestHandler as never,
  });
  /** What a question takes, milliseconds, and its answer. */
  const timed = async <Answer>(question: Promise<Answer>) => {
    const began = now;
    const before = calls.count;
    const answer = await question;
    return { answer, took: now - began, calls: calls.count - before };
  };
  return { deployment, calls, timed };
}

const bytesOf = (answer: unknown) => Buffer.byteLength(JSON.stringify(answer));
const nameOf = ({ source, dataset }: DropsCalendar['datasets'][number]) => `${source}/${dataset}`;
const about = { datasets: all, exports: [] };
const failure = { code: 'SLUICE_INGEST_COLUMN_MISSING', message: 'column "a": missing.' };
const failed = { state: 'failed', failure, failingSince: NOW - 1, updatedAt: NOW } as const;

describe('what a dataset or an export needs', () => {
  it.each(dropCases)('%s', (_what, more) => {
    const facts = { ...wellFacts, ...more };
    const needs = [...(facts.datasets ?? []).map(needOf), ...(facts.exports ?? []).map(exportNeed)];
    const found = judge(facts, judgedDeployment, 'eu-central-1');
    const worstOf = (all: readonly (string | null)[]) =>
      ['problem', 'warning'].find((one) => all.includes(one));
    expect(worstOf(needs)).toBe(worstOf(found.map(({ severity }) => severity)));
  });
});

describe('two hundred datasets of 92 days', () => {
  it('are shown in pages, first the one that needs somebody', async () => {
    const bad = 'customer-077/refunds';
    const { deployment, calls, timed } = deploymentOf(
      bucketOf((name, day) => (name === bad && day === TODAY ? failed : {})),
    );
    const { answer, took } = await timed(readDropsPage(deployment, about, { days: DAYS }));
    expect(took).toBeLessThanOrEqual(2_500);
    // 48 entries of the ledger, and the folders and partitions of 5 tables.
    expect(calls.atOnce).toBeLessThanOrEqual(58);
    expect(answer).toMatchObject({ hasProblem: true, calendar: { total: 200, needing: 1 } });
    expect(bytesOf(answer.calendar)).toBeLessThanOrEqual(MOST_BYTES);
    const expected = all.map(({ source, dataset }) => `${source.name}/${dataset.name}`);
    const sorted = [bad, ...expected.filter((name) => name !== bad)];
    const names = answer.calendar.datasets.map(nameOf);
    expect(names.length).toBeGreaterThan(0);
    expect(names).toEqual(sorted.slice(0, names.length));
    expect(answer.calendar.datasets.every(({ days: read }) => read.length === DAYS)).toBe(true);
  });

  const old = addDays(TODAY, -9);
  const few = customers(10);
  const last = configuredDatasets(few).at(-1);
  const lastName = `${last?.source.name}/${last?.dataset.name}`;
  const unusual = { rows: { in: 1, out: 1, refused: 0 } } satisfies Partial<LedgerEntry>;

  it.each([
    {
      name: 'an unusual day of the lookback',
      of: customers(10, 30),
      change: unusual,
      asked: {},
      need: 'warning',
    },
    {
      name: 'a failed day of a span that is asked',
      of: few,
      change: failed,
      asked: { until: old },
      need: 'problem',
    },
  ] as const)('begin with the dataset that has $name', async ({ of, change, asked, need }) => {
    const { deployment } = deploymentOf(
      bucketOf((name, day) => (name === lastName && day === old ? change : {})),
      of,
    );
    const wanted = { days: 14, ...asked };
    const page = await readDropsPage(deployment, { datasets: configuredDatasets(of), exports: [] }, wanted);
    expect(page.calendar.needing).toBe(1);
    expect(page.calendar.datasets.slice(0, 1).map((drops) => [nameOf(drops), needOf(drops)])).toEqual([
      [lastName, need],
    ]);
    expect(page.hasProblem).toBe(need === 'problem');
  });

  it.each([
    {
      name: 'an export that failed',
      isExport: true,
      change: { state: 'failed', failure, failingSince: NOW - 1 } as const,
      need: 'problem',
    },
    { name: 'an unusual day of the lookback', isExport: false, change: unusual, need: 'warning' },
  ] as const)(
    'show an older day of $name, which makes a short list need somebody',
    async ({ isExport, change, need }) => {
      const day = addDays(TODAY, -25);
      const exports = [exportTo({ folder: 'to' }, { name: 'out' })];
      const short = defineConfig({
        bucket: 'own',
        exports,
        sources: [acmeSource({ datasets: [eventsDataset({ lookbackDays: 30 })] })],
      });
      const subject = isExport
        ? exportSubject(short.exports[0] as Export, day)
        : { source: 'acme', dataset: 'events', day };
      const entry = ledgerEntry({ ...subject, usualRows: 1_000, updatedAt: NOW, ...change });
      const objects = new Map([[ledgerKey(subject.source, subject.dataset, day), JSON.stringify(entry)]]);
      const { deployment } = deploymentOf(objects, short);
      const { calendar } = await readDropsPage(
        deployment,
        isExport
          ? { datasets: [], exports: short.exports }
          : { datasets: configuredDatasets(short), exports: [] },
        { days: 7 },
      );
      const [line] = isExport ? calendar.exports : calendar.datasets;
      expect(line?.days.map((shown) => shown.day)).toEqual([
        day,
        ...(line?.days ?? []).slice(-7).map((shown) => shown.day),
      ]);
      expect(calendar.days).toContain(day);
      expect(calendar.exports.map(exportNeed)).toEqual(isExport ? [need] : []);
    },
  );

  /** The calendar where one day of the last table has a folder and no partition. */
  const readWithoutPartition = async (isGlueDenied: boolean) => {
    const folders = ingestedTableFolders(few, last?.dataset.table ?? '').map((folder) => `${folder}${old}/`);
    const objects = bucketOf(() => ({ filesWritten: ['a.parquet'] }));
    const { deployment } = deploymentOf(objects, few, { folders, isGlueDenied });
    const asked = { datasets: configuredDatasets(few), exports: [] };
    const { calendar } = await readDropsPage(deployment, asked, { days: 7 });
    const unread = calendar.datasets.flatMap((drops) =>
      (drops.unread ?? []).map(({ day }) => [nameOf(drops), day]),
    );
    return { unread, needing: calendar.needing, unknown: calendar.unknown };
  };

  it('have days without a partition', async () => {
    expect(await readWithoutPartition(false)).toEqual({ unread: [[lastName, old]], needing: 1, unknown: [] });
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
    const asked = { datasets: configuredDatasets(few), exports: [] };
    const { calendar, hasProblem } = await readDropsPage(deployment, asked, { days: 7 });
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

  it('are pages of which each dataset is one, although one is repaired between two of them', async () => {
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
    const names = all.map(({ source, dataset }) => `${source.name}/${dataset.name}`);
    const bad = names.filter(isBad);
    expect(following.datasets.slice(0, 1).map(nameOf)).toEqual(
      bad.slice(calendar.datasets.length).slice(0, 1),
    );
  });

  it('have a day of few bytes, although it left out objects with long names', async () => {
    const left = { fate: 'left_out', reason: 'not_parquet', size: 9, eTag: '"e"' } as const;
    const files = Array.from({ length: 9 }, (_, i) => ({ ...left, key: `${i}${'x'.repeat(1_000)}` }));
    const { deployment } = deploymentOf(bucketOf((name) => (name === lastName ? { files } : {})));
    const datasets = last === undefined ? [] : [last];
    const { calendar } = await readDropsPage(deployment, { datasets, exports: [] }, { days: DAYS });
    expect(calendar.datasets[0]?.days[0]?.leftOut.count).toBe(9);
    expect(bytesOf(calendar)).toBeLessThanOrEqual(MOST_BYTES);
  });

  it('are read beside eight exports, which are pages, too', async () => {
    const exports = Array.from({ length: 8 }, (_, i) =>
      exportTo({ folder: `to-${i}` }, { name: `out-${i}` }),
    );
    const many = defineConfig({ bucket: 'own', exports });
    const { deployment } = deploymentOf(new Map(), many);
    const names: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      pages += 1;
      const wanted = { days: DAYS, after };
      const { calendar } = await readDropsPage(deployment, { datasets: [], exports: many.exports }, wanted);
      expect(bytesOf(calendar)).toBeLessThanOrEqual(MOST_BYTES);
      names.push(...calendar.exports.map((exported) => exported.export));
      after = calendar.next ?? undefined;
    } while (after !== undefined);
    expect(names).toEqual(many.exports.map(({ name }) => name));
    expect(pages).toBeGreaterThan(1);
    const ofFew = { datasets: configuredDatasets(few), exports: [] };
    for (const cursor of ['nobody/none', 'none:nobody/none', `worst:${lastName}`]) {
      const unknown = readDropsPage(deployment, ofFew, { days: 1, after: cursor });
      await expect(unknown).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' });
    }
  });

  it('are lines that fit the terminal, and days in a row with one fault are one line', async () => {
    const bucket = bucketOf((name) => (name === 'customer-000/orders' ? failed : {}));
    const { deployment } = deploymentOf(bucket, few);
    const asked = { datasets: configuredDatasets(few), exports: [] };
    const { datasets } = await readDropsPage(deployment, asked, { days: DAYS });
    const [tables = '', below = ''] = calendarText(datasets, undefined, 80).split(/\n\n(?=✓)/);
    expect(Math.max(...tables.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const { source, dataset } of datasets)
      expect(tables).toMatch(new RegExp(`^${source}/${dataset} .*[✓✗]$`, 'm'));
    expect(below.match(/customer-000\/orders .* failed: /g)).toHaveLength(1);
    expect(below).toContain(`customer-000/orders ${days[0]} to ${TODAY} failed: ${failure.code}`);
  });

  it('have a status within 62 calls one after the other and 300 kB, which says how many it leaves out', async () => {
    const { deployment, calls, timed } = deploymentOf(bucketOf(() => failed));
    const { answer, took } = await timed(readStatus(deployment));
    expect(took).toBeLessThanOrEqual(2_500);
    expect(calls.atOnce).toBeLessThanOrEqual(80);
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
