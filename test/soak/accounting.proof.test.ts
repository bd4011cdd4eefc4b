import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { duckDb } from '../harness/duckDb.ts';
import { runProgram } from '../harness/runProgram.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const START = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;
const DAY_FOLDER = 'sluice-soak/statsig/statsig_forwarded_events/events/2026-11-20';
const ROOT = 's3://sluice-soak/statsig/statsig_forwarded_events/events/';
const LOCATION = `s3://${DAY_FOLDER}/`;

/** A finished run, written by hand: the command only counts it. */
let directory: string;
let remove: () => void;
beforeEach(() => {
  ({ path: directory, remove } = temporaryDirectory());
});
afterEach(() => remove());

interface Window {
  readonly kind: string;
  readonly beside?: string;
  /** By kind. Default: the window's own once. */
  readonly struck?: Readonly<Record<string, number>>;
  /** Outcome of its one request. */
  readonly outcome?: string;
}

/** Windows of ten events and a day each. */
function writeRun(windows: readonly Window[]): void {
  const lines: object[] = [{ events: windows.length * 10, seed: 1 }];
  let requests = 'window,first,count,outcome\n';
  for (const [window, { kind, beside, struck = { [kind]: 1 }, outcome = 'accepted' }] of windows.entries()) {
    const clock = START + window * 24 * 60 * MINUTE;
    // From 1: number 0 has no name.
    const first = window * 10 + 1;
    lines.push({ window, kind, ...(beside === undefined ? {} : { beside }), first, count: 10, clock });
    lines.push({ part: 0, of: window, clock }, { clock: clock + MINUTE, struck });
    lines.push({ ended: window, clock: clock + MINUTE });
    requests += `${window},${first},10,${outcome}\n`;
  }
  const ndjson = (all: readonly object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(directory, 'windows.ndjson'), ndjson([...lines, { finished: true }]));
  writeFileSync(join(directory, 'requests.csv'), requests);
  writePartitions([{ table: 'events', root: ROOT, values: ['2026-11-20'], location: LOCATION }]);
  judge('whole');
}

/** What Sluice says of the first window's hour. */
function judge(state: string, missing = 0, why: string | null = null): void {
  const folder = join(directory, 'data/s3/sluice-soak/statsig/ingested/received_hours');
  mkdirSync(folder, { recursive: true });
  const hour = { ds: '2026-11-20', hour: 12, table_name: 'events', accepted: 10, missing, unproved: 0 };
  writeFileSync(join(folder, '2026-11-20.json'), `${JSON.stringify({ ...hour, state, why })}\n`);
}

function writePartitions(partitions: readonly object[]): void {
  const text = partitions.map((partition) => `${JSON.stringify(partition)}\n`).join('');
  writeFileSync(join(directory, 'partitions.ndjson'), text);
}

/** Rows with these numbers, in a file of a table. */
async function land(from: number, to: number, column = 'user_id', folder = DAY_FOLDER): Promise<void> {
  const file = join(directory, 'data/s3', folder, `${from}.parquet`);
  mkdirSync(dirname(file), { recursive: true });
  await duckDb(
    `COPY (SELECT 'soak-' || n AS ${column} FROM range(${from}, ${to + 1}) AS r(n)) TO '${file}' (FORMAT parquet)`,
  );
}

/** Marks events as dropped by a stream. They arrived so many minutes after the start. */
function expire(from: number, to: number, minutes: number): void {
  const file = join(directory, 'data/firehose/streams/sluice-local-LandingStream-0A1B.stream/expired.ndjson');
  mkdirSync(dirname(file), { recursive: true });
  const arrivedAt = new Date(START + minutes * MINUTE).toISOString();
  for (let n = from; n <= to; n += 1) {
    const base64 = gzipSync(`{"user_id":"soak-${n}"}\n`).toString('base64');
    appendFileSync(file, `${JSON.stringify({ arrivedAt, base64 })}\n`);
  }
}

/** Counts the run, which has so many events. */
async function count(events: number): Promise<{ readonly code: number; readonly report: Report }> {
  const args = ['--events', String(events), '--seed', '1', '--directory', directory, '--json'];
  const { code, stdout, stderr } = await runProgram('soak/run.ts', ...args);
  if (stdout === '') throw new Error(`It ended with ${code}: ${stderr}`);
  return { code, report: JSON.parse(stdout) };
}
interface Report {
  readonly problems: readonly string[];
  readonly kinds: readonly { readonly kind: string }[];
}

describe('the accounting of npm run soak', () => {
  it('passes a run in which everything landed, with a row for two kinds beside each other', async () => {
    writeRun([
      { kind: 'none' },
      { kind: 'key-off', beside: 'events-lost', struck: { 'key-off': 2, 'events-lost': 3 } },
    ]);
    await land(1, 20);
    const { code, report } = await count(20);
    expect({ code, problems: report.problems }).toEqual({ code: 0, problems: [] });
    expect(report.kinds).toMatchObject([
      { kind: 'key-off + events-lost', planned: 10, sent: 10, landed: 10, struck: 5 },
      { kind: 'none', landed: 10, struck: 1 },
    ]);
  });

  it.each([
    { what: 'has no partition', partitions: [] },
    {
      what: 'has a partition elsewhere',
      partitions: [{ location: LOCATION.replace('2026-11-20', '2026-11-21') }],
    },
    { what: 'has the partition of another day', partitions: [{ values: ['2026-11-21'] }] },
  ])('tells of rows that no query reads: their folder $what', async ({ partitions }) => {
    writeRun([{ kind: 'none' }]);
    writePartitions(
      partitions.map((partition) => ({
        table: 'events',
        root: ROOT,
        values: ['2026-11-20'],
        location: LOCATION,
        ...partition,
      })),
    );
    await land(1, 10);
    const { code, report } = await count(10);
    expect(code).toBe(3);
    expect(report).toMatchObject({ landed: 10, lost: 0, unreadable: 10, kinds: [{ unreadable: 10 }] });
    expect(report.problems).toEqual(['none: 10 rows in folders without a partition: no query finds them.']);
  });

  it('names the kind whose events expired although nothing was to expire', async () => {
    // Three windows wait at most for one in which something expires.
    const windows = ['glue-throttles', 'none', 'key-off', 'none', 'deliveries-expire'].map((kind) => ({
      kind,
    }));
    writeRun(windows);
    await land(3, 10);
    await land(12, 50);
    expire(1, 2, 10);
    expire(11, 11, 24 * 60 + 10);
    const { code, report } = await count(50);
    expect(report).toMatchObject({ expired: 3, lost: 0 });
    expect(report.problems).toEqual([
      'glue-throttles: 2 events expired, although no stream failed for a day at the time.',
    ]);
    expect(code).toBe(3);
  });

  it('fails when nothing was tested', async () => {
    writeRun([
      { kind: 'collect-killed', struck: {} },
      { kind: 'gateway-429', outcome: 'dropped' },
    ]);
    const { code, report } = await count(20);
    expect(code).toBe(3);
    expect(report.problems).toEqual([
      'collect-killed: 10 events lost.',
      'gateway-429: no event was accepted: nothing was tested.',
      'collect-killed: its faults never struck.',
    ]);
    writeRun([{ kind: 'collect-killed', outcome: 'dropped' }]);
    expect((await count(10)).report.problems).toEqual([
      'No event was accepted: nothing was tested.',
      "collect-killed: 10 events refused, although the gateway's answers were not faulty: SDKs drop them.",
    ]);
  });

  it('fails when valid events are in quarantine', async () => {
    writeRun([{ kind: 'none' }]);
    await land(9, 10);
    await land(1, 8, 'raw', 'sluice-soak/quarantine/2026-11-20');
    const quarantine = 's3://sluice-soak/quarantine/';
    const values = ['2026-11-20'];
    writePartitions([
      { table: 'events', root: ROOT, values, location: LOCATION },
      { table: 'quarantine', root: quarantine, values, location: `${quarantine}2026-11-20` },
    ]);
    const { code, report } = await count(10);
    expect(code).toBe(3);
    expect(report.problems).toEqual(['none: 8 events in quarantine that are valid.']);
  });

  it.each([
    { what: 'no event', args: ['--events', '0'], said: '--events must be a whole number above 0.' },
    { what: 'a word for a seed', args: ['--seed', 'x'], said: '--seed must be a whole number above 0.' },
    {
      what: 'an empty folder name, which would be the current folder',
      args: ['--directory', ''],
      said: '--directory must not be empty.',
    },
    { what: 'an option that it does not have', args: ['--event', '10'], said: "'--event'" },
  ])('does not begin with $what', async ({ args, said }) => {
    const { code, stdout, stderr } = await runProgram('soak/run.ts', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).toContain('npm run soak -- [--events N]');
  });

  it('refuses the folder of another run, and leaves it as it is', async () => {
    writeRun([{ kind: 'none' }]);
    const before = readFileSync(join(directory, 'windows.ndjson'), 'utf8');
    for (const args of [
      ['--events', '20', '--seed', '1'],
      ['--events', '10', '--seed', '2'],
    ]) {
      const { code, stderr } = await runProgram('soak/run.ts', ...args, '--directory', directory);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('The folder has a run of 10 events with seed 1, not of'),
      });
    }
    expect(readFileSync(join(directory, 'windows.ndjson'), 'utf8')).toBe(before);
  });

  it('refuses a folder whose notes are damaged', async () => {
    writeRun([{ kind: 'none' }]);
    appendFileSync(join(directory, 'windows.ndjson'), '{"window":\n');
    const { code, stderr } = await runProgram('soak/run.ts', '--events', '10', '--directory', directory);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('windows.ndjson is damaged or of another version.'),
    });
  });

  it('tells of hours that are not whole, and of more that is missing than expired', async () => {
    writeRun([{ kind: 'none' }]);
    await land(1, 10);
    judge('open', 0, 'the stream is late');
    expect((await count(10)).report.problems).toEqual([
      'received_hours: 2026-11-20T12, events is open: the stream is late.',
    ]);
    judge('short', 2);
    expect((await count(10)).report.problems).toEqual([
      'received_hours: 2 events are missing, and 0 expired.',
    ]);
    rmSync(join(directory, 'data/s3/sluice-soak/statsig/ingested'), { recursive: true });
    expect((await count(10)).report.problems).toEqual(['received_hours: no hour of the run is judged.']);
  });
});
