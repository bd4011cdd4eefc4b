import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AwaitedLoads } from '../../observe/ingest/awaitLoads.ts';
import { acme } from '../harness/acmeDrops.ts';
import { callMain } from '../harness/callMain.ts';
import { DROPS, ingestCloud } from '../harness/ingestCloud.ts';

/** First line of a command that changes something, and its only line on stderr. */
const PLACE = /^The local cloud on \S+\.\n$/;

const [D17, D18, D19, D20] = ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'] as const;
const MINUTE_MS = 60_000;

const rowsOf = (day: string, names: readonly string[]) =>
  names
    .map(
      (name, i) =>
        `SELECT TIMESTAMP '${day} 10:00:0${i}' AS occurred, ${name} AS "action", 'u${i}' AS uid, 'co1' AS company, 1.5::DOUBLE AS price, 'pro' AS plan`,
    )
    .join(' UNION ALL ');

describe('sluice ingest --wait', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  beforeAll(async () => {
    const [events] = acme.datasets;
    if (events === undefined) throw new Error('acme has no dataset of events');
    const shut = {
      ...acme,
      name: 'shut',
      bucket: 'acme-shut',
      datasets: [{ ...events, table: 'shut_events' }],
    };
    ingest = await ingestCloud({
      unitIds: { companyID: 'company_id' },
      sources: [{ ...acme, datasets: [events] }, shut],
    });
    await ingest.jumpTo(`${D20}T12:00:00Z`);
  }, 120_000);
  afterAll(() => ingest.close());

  const sluice = (...args: string[]) =>
    callMain(['ingest', ...args, '--wait', '--local'], { env: ingest.env });
  const backfill = (...args: string[]) =>
    sluice('backfill', '--source', 'acme', '--dataset', 'events', ...args);
  const fates = ({ stdout }: { readonly stdout: string }) => {
    const { isComplete, days }: AwaitedLoads = JSON.parse(stdout);
    return [
      isComplete,
      days.map(({ day, fate, rows }) => [day, fate, rows?.out ?? null, rows?.refused ?? null]),
    ];
  };

  it('of a backfill shows the rows of each day that has files, and how many have none', async () => {
    await ingest.drop(`events/${D17}/a.parquet`, rowsOf(D17, ["'seen'", 'NULL']));
    await ingest.drop(`events/${D18}/a.parquet`, rowsOf(D18, ["'seen'"]));
    const answer = await backfill('--from', D17, '--to', D19);
    expect(answer).toMatchObject({ code: 0, stderr: expect.stringMatching(PLACE) });
    expect(answer.stdout).toBe(
      [
        'day                     fate    in  out  refused  why',
        '----------------------  ------  --  ---  -------  ---',
        `acme/events ${D17}  loaded   2    1        1`,
        `acme/events ${D18}  loaded   1    1        0`,
        '1 day without a change: no files, or the same as before.',
        '',
      ].join('\n'),
    );
    // Loaded already: another load of the same day is another answer.
    const again = await backfill('--from', D18, '--json');
    expect([again.code, ...fates(again)]).toEqual([0, true, [[D18, 'loaded', 1, 0]]]);
  });

  it('of a run waits for what it finds, and says what settles', async () => {
    await ingest.drop(`events/${D19}/a.parquet`, rowsOf(D19, ["'seen'"]));
    const settling = await sluice('run', '--source', 'acme', '--json');
    expect(settling.code).toBe(3);
    const untouched = [D17, D18].map((day, i) => [day, 'untouched', 1, 1 - i]);
    const none = ['2026-11-15', '2026-11-16'].map((day) => [day, 'untouched', null, null]);
    const today = [D20, 'untouched', null, null];
    expect(fates(settling)).toEqual([true, [...none, ...untouched, [D19, 'waiting', 0, 0], today]]);

    expect(JSON.parse(settling.stdout).days.find(({ day }: { day: string }) => day === D19).waitsFor).toBe(
      'until its newest file is `settleMinutes` old',
    );

    await ingest.jump(20 * MINUTE_MS);
    const loaded = await sluice('run', '--source', 'acme', '--json');
    // The plan may have looked again by itself, meanwhile.
    expect([loaded.code, loaded.stderr]).toEqual([0, expect.stringMatching(PLACE)]);
    const [, days] = fates(loaded);
    expect(days).toEqual([
      ...none,
      ...untouched,
      [D19, expect.stringMatching(/loaded|untouched/), 1, 0],
      today,
    ]);
  });

  it('exits with 3 where a day fails or a bucket is shut, and names why', async () => {
    await ingest.put(`events/${D20}/a.parquet`, Buffer.from('no parquet at all'));
    let failed = await backfill('--from', D20, '--timeout', '30s');
    if (failed.code === 1) {
      // A plan that the jump of the clock started has loaded the day before: other files are another load.
      await ingest.put(`events/${D20}/b.parquet`, Buffer.from('no parquet either'));
      failed = await backfill('--from', D20);
    }
    expect(failed.code).toBe(3);
    expect(failed.stdout).toMatch(new RegExp(`^acme/events ${D20}  failed .*SLUICE_`, 'm'));
    expect(failed.stdout).toMatch(new RegExp(`^${D20}: SLUICE_\\w+: .*${DROPS}|^${D20}: SLUICE_\\w+: `, 'm'));

    const shut = await sluice('run', '--source', 'shut', '--json');
    expect(shut.code).toBe(3);
    const { unlisted }: AwaitedLoads = JSON.parse(shut.stdout);
    expect(unlisted).toMatchObject([
      { source: 'shut', dataset: 'events', failure: { code: expect.stringMatching(/^SLUICE_/) } },
    ]);
  });

  it('ends at its deadline with 1, while the load goes on', async () => {
    // It has no files: that nothing happens is known after two minutes.
    const late = await backfill('--from', '2026-11-10', '--timeout', '2s', '--json');
    expect(fates(late)).toEqual([false, [['2026-11-10', 'untouched', null, null]]]);
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('the loads go on') });
  });

  it.each([
    [['--timeout', '5'], '--timeout: got 5, expected a time such as 90s, 30m or 2h'],
    [['--timeout', '25h'], '--timeout: got 25h'],
    [['--dry-run'], '--wait and --dry-run: expected only one of them.'],
  ])('refuses %j', async (args, said) => {
    const { code, stderr } = await sluice('run', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  });

  it('is needed by what is about waiting', async () => {
    for (const args of [['--timeout', '5m'], ['--quiet']]) {
      const { code, stderr } = await callMain(['ingest', 'run', ...args, '--local'], { env: ingest.env });
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${args[0]} without --wait.`)]);
    }
  });
});
