import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startObserved } from './startObserved.ts';

const DAY = 86_400_000;
const start = Date.UTC(2026, 10, 20, 12);
const day = '2026-11-20';
const folder = mkdtempSync(join(tmpdir(), 'sluice-counts-'));
let observed: Awaited<ReturnType<typeof startObserved>>;

beforeAll(async () => {
  observed = await startObserved(start);
  const user = (userID: string, tier?: string) => ({
    userID,
    ...(tier === undefined ? {} : { statsigEnvironment: { tier } }),
  });
  const purchase = (value: number, time: number) => ({
    eventName: 'a "quoted", name',
    ...{ value, time, user: user(`u${value}`) },
  });
  const batch = { events: Array.from({ length: 200 }, (_, i) => purchase(i, start - (i < 50 ? DAY : 0))) };
  // A resend: the views count it once.
  for (const body of [batch, batch]) expect((await observed.send(body)).status).toBe(202);
  const exposure = (name: string, userID: string, tier?: string) => ({
    eventName: 'statsig::config_exposure',
    user: user(userID, tier),
    metadata: { config: name, ruleID: 'ruleA' },
    time: start,
  });
  const gate = (userID: string) => ({
    eventName: 'statsig::gate_exposure',
    user: user(userID),
    metadata: { gate: 'checkout', gateValue: 'true', ruleID: 'ruleB' },
    time: start,
  });
  const others = [
    ...['u1', 'u1', 'u2'].map((id) => exposure('checkout', id)),
    exposure('checkout', 'u3', 'staging'),
    gate('u1'),
    { eventName: 'signup', user: user('u1'), time: start },
    { eventName: 'signup', user: user('u1', 'development'), time: start },
  ];
  expect((await observed.send({ events: others })).status).toBe(202);
  await observed.closeHour();
});
afterAll(async () => {
  await observed.close();
  rmSync(folder, { recursive: true });
});

async function compare(csv: string, ...args: string[]) {
  const path = join(folder, 'counts.csv');
  writeFileSync(path, csv);
  const { code, stdout, stderr } = await observed.sluice('reconcile', '--against', path, '--json', ...args);
  return { code, stderr, json: JSON.parse(stdout) };
}

const NAME = '"a ""quoted"", name"';

describe('sluice reconcile --against', () => {
  it('agrees with a list of events, experiments and gates by UTC day, and counts production and resends once', async () => {
    const { code, json } = await compare(
      `\ufeffds,kind,event_name,count\r\n2026-11-19,event,${NAME},50\r\n${day},event,${NAME},150\r\n${day},,signup,1\r\n${day},experiment,checkout,2\r\n${day},gate,checkout,1\r\n`,
    );
    expect(json).toMatchObject({ agrees: true, from: '2026-11-19', to: day, unit: 'user_id', only_here: [] });
    expect(json.names.map((one: Record<string, unknown>) => [one['kind'], one['name'], one['here']])).toEqual(
      expect.arrayContaining([
        ['event', 'a "quoted", name', 200],
        ['event', 'signup', 1],
        ['experiment', 'checkout', 2],
        ['gate', 'checkout', 1],
      ]),
    );
    expect(code).toBe(0);
  });

  it('tells which name and which day differ, on either side, and by how much', async () => {
    const list = `day,name,count\n2026-11-19,${NAME},90\n${day},${NAME},150\n${day},lost here,7\n${day},signup,1\n`;
    const { code, json } = await compare(list);
    expect(code).toBe(3);
    expect(json.names.slice(0, 2)).toMatchObject([
      { name: 'a "quoted", name', statsig: 240, here: 200, difference: -40, agrees: false },
      { name: 'lost here', statsig: 7, here: 0, difference: -7, agrees: false },
    ]);
    expect(json.days).toMatchObject([
      { day: '2026-11-19', statsig: 90, here: 50, agrees: false },
      { day, statsig: 158, here: 151, agrees: false },
    ]);
    const path = join(folder, 'counts.csv');
    const { stdout } = await observed.sluice('reconcile', '--against', path);
    expect(stdout).toMatch(/name.* 240 +200 +-40 +-16\.67 % +DIFFERS/);
    expect(stdout).toContain('More at Statsig: resends');
  });

  it('judges a day of which nothing came although the names agree within the tolerance', async () => {
    const { code, json } = await compare(
      `day,name,count\n2026-11-18,${NAME},2\n2026-11-19,${NAME},50\n${day},${NAME},150\n`,
    );
    expect(json.names).toMatchObject([{ statsig: 202, here: 200, agrees: true }]);
    expect(json.days.filter((one: { agrees: boolean }) => !one.agrees)).toMatchObject([
      { day: '2026-11-18', statsig: 2, here: 0 },
    ]);
    expect(code).toBe(3);
  });

  it('obeys --tolerance, and names events that the list does not have', async () => {
    const list = `day,name,count\n2026-11-19,${NAME},51\n${day},${NAME},152\n`;
    expect((await compare(list)).code).toBe(3);
    const { code, json } = await compare(list, '--tolerance', '2');
    expect([code, json.tolerance, json.only_here]).toEqual([0, 2, [{ name: 'signup', here: 1 }]]);
  });

  it('counts units by --unit', async () => {
    const { code, json } = await compare(
      `day,kind,name,count\n${day},experiment,checkout,0\n`,
      '--unit',
      'stable_id',
    );
    expect([code, json.unit]).toEqual([0, 'stable_id']);
  });

  it.each([
    ['without counts', 'day,name\n', 'SLUICE_COUNTS_MALFORMED'],
    ['without lines', 'day,name,count\n', 'SLUICE_COUNTS_MALFORMED'],
    ['with another form of days', 'day,name,count\n20.11.2026,a,1\n', 'SLUICE_COUNTS_MALFORMED'],
    ['with a negative count', `day,name,count\n${day},a,-1\n`, 'SLUICE_COUNTS_MALFORMED'],
    ['of another kind', `day,kind,name,count\n${day},funnel,a,1\n`, 'SLUICE_COUNTS_MALFORMED'],
    ['with too many lines', `day,name,count\n${`${day},a,1\n`.repeat(9_001)}`, 'SLUICE_COUNTS_TOO_MANY'],
    [
      'with too many pairs of days and names',
      `day,name,count\n${Array.from({ length: 3_001 }, (_, i) => `2026-11-${10 + (i % 4)},n${i},1\n`).join('')}`,
      'SLUICE_COUNTS_TOO_MANY',
    ],
    ['with too long names', `day,name,count\n${day},${'x'.repeat(150_001)},1\n`, 'SLUICE_COUNTS_TOO_MANY'],
  ])('refuses a list %s', async (_, csv, error) => {
    const { code, json } = await compare(csv);
    expect([code, json.error?.code ?? json.code]).toEqual([1, error]);
  });

  it('refuses a file that is not there, and options that have no effect', async () => {
    const missing = await observed.sluice('reconcile', '--against', join(folder, 'none.csv'));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('SLUICE_COUNTS_NOT_READ')]);
    const wrong = [
      ['--against', 'x.csv', '--day', day],
      ['--tolerance', '2'],
      ['--against', join(folder, 'counts.csv'), '--tolerance', 'x'],
    ];
    for (const args of wrong) expect((await observed.sluice('reconcile', ...args)).code).toBe(2);
    writeFileSync(join(folder, 'counts.csv'), `day,name,count\n${day},signup,1\n`);
    expect(
      (await observed.sluice('reconcile', '--against', join(folder, 'counts.csv'), '--unit', 'x')).code,
    ).toBe(2);
  });
});
