import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { startObserved } from './startObserved.ts';

type Observed = Awaited<ReturnType<typeof startObserved>>;
let observed: Observed;

const HOSTILE = '<img src=x onerror=alert(1)>\u001b[31m, "it\'s" = 1';
const LONG = 'k'.repeat(300);
const at = (day: number) => Date.parse(`2026-11-${day}T10:00:00Z`);

const times = <Item>(count: number, make: (i: number) => Item) =>
  Array.from({ length: count }, (_, i) => make(i));
const event = (eventName: string, day: number, metadata: object | null, more: object = {}) => ({
  ...{ eventName, metadata, time: at(day), user: { userID: 'ada' } },
  ...more,
});

beforeAll(async () => {
  observed = await startObserved(at(16));
  const send = async (day: number, events: readonly object[]) => {
    await observed.clock.set(at(day) + 60_000);
    const { status } = await observed.send({ events });
    expect(status).toBe(202);
    await observed.cloud.flush();
  };
  const resent = [event('signup', 16, { plan: 'pro' }, { user: { userID: 'grace' } })];
  await send(16, [
    ...times(9, (i) => event('signup', 16, { plan: 'free' }, { user: { userID: `user-${i}` } })),
    ...resent,
    event('Sign-Up', 16, { plan: 'free' }),
    event('purchase', 16, { items: [1], address: {}, gift: true, note: null, 'a b.c': 1 }, { value: 12.5 }),
    event('purchase', 16, { items: [2], address: {}, gift: false, note: 'x' }, { value: '7' }),
    event('purchase', 16, { items: [], address: {}, gift: true }, { value: 'free' }),
    event(HOSTILE, 16, { [HOSTILE]: HOSTILE, [LONG]: 1 }),
    event('bare', 16, null),
    ...times(15, (i) => event('heartbeat', 16, { i })),
    event('elsewhere', 16, {}, { user: { userID: 'ada', statsigEnvironment: { tier: 'staging' } } }),
    ...['diagnostics', 'identify', 'log_line'].map((name) => event(`statsig::${name}`, 16, { context: 'x' })),
  ]);
  await send(16, resent);
  await send(
    17,
    times(15, (i) => event('heartbeat', 17, { i })),
  );
  await send(18, [
    ...times(6, (i) => event('signup', 18, { plan: 'free', ref: i }, { user: { userID: `user-${i}` } })),
    ...times(4, (i) => event('signup', 18, { plan: i, ref: i }, { user: { userID: `user-${i}` } })),
    ...times(3, (i) => event('invite', 18, { to: 'x' }, { user: { userID: `user-${i}` } })),
    event('bare', 18, { once: 1 }),
  ]);
  await observed.clock.set(at(21));
}, 120_000);
afterAll(() => observed.close());

const answerSchema = z.looseObject({
  events: z.array(z.looseObject({ event: z.string(), rows: z.number() })),
  warnings: z.array(
    z.looseObject({
      kind: z.string(),
      event: z.string().nullable(),
      property: z.string().nullable(),
      day: z.string().nullable(),
      text: z.string(),
    }),
  ),
  total: z.number(),
});
async function ask(...args: string[]) {
  const { code, stdout } = await observed.sluice('names', ...args, '--json');
  return { code, ...answerSchema.parse(JSON.parse(stdout)) };
}
const facts = ({ warnings }: Awaited<ReturnType<typeof ask>>) =>
  warnings.map(({ kind, event, property, day }) => [kind, event, property, day]);

describe('sluice names', () => {
  it('lists events with counts, types and properties', async () => {
    const answer = await ask();
    expect(answer).toMatchObject({
      ...{ code: 0, from: '2026-11-15', to: '2026-11-21', environment: 'production', total: 7 },
      ...{ cut: false, scanned_bytes: expect.any(Number), usd: expect.any(Number) },
    });
    // Most rows first. Telemetry and staging are not there.
    expect(answer.events.map(({ event, rows }) => [event, rows])).toEqual([
      ['heartbeat', 30],
      // 10 and a resend of one, then 10.
      ['signup', 21],
      ['invite', 3],
      ['purchase', 3],
      ['bare', 2],
      [HOSTILE, 1],
      ['Sign-Up', 1],
    ]);
    expect(answer.events[1]).toEqual({
      event: 'signup',
      rows: 21,
      first_seen: '2026-11-16T10:00:00.000Z',
      last_seen: '2026-11-18T10:00:00.000Z',
      value: [{ type: 'none', rows: 21, share: 1, first_day: '2026-11-16' }],
      properties: [
        {
          property: 'plan',
          rows: 21,
          share: 1,
          first_seen: '2026-11-16T10:00:00.000Z',
          last_seen: '2026-11-18T10:00:00.000Z',
          types: [
            { type: 'string', rows: 17, share: 17 / 21, first_day: '2026-11-16' },
            { type: 'number', rows: 4, share: 4 / 21, first_day: '2026-11-18' },
          ],
        },
        {
          property: 'ref',
          rows: 10,
          share: 10 / 21,
          first_seen: '2026-11-18T10:00:00.000Z',
          last_seen: '2026-11-18T10:00:00.000Z',
          types: [{ type: 'number', rows: 10, share: 1, first_day: '2026-11-18' }],
        },
      ],
      property_count: 2,
      warnings: ['type_changed'],
    });
  });

  it('tells every type of JSON, and numbers among values', async () => {
    const { events } = await ask('--event', 'purchase');
    expect(events).toMatchObject([
      {
        value: [
          { type: 'number', rows: 2 },
          { type: 'string', rows: 1 },
        ],
        properties: [
          { property: 'address', rows: 3, types: [{ type: 'object' }] },
          { property: 'gift', rows: 3, types: [{ type: 'boolean', rows: 3 }] },
          { property: 'items', rows: 3, types: [{ type: 'array' }] },
          { property: 'note', rows: 2, share: 2 / 3 },
          { property: 'a b.c', rows: 1, types: [{ type: 'number' }] },
        ],
        property_count: 5,
      },
    ]);
    expect(z.array(z.looseObject({ types: z.unknown() })).parse(events[0]?.['properties'])[3]?.types).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'null', rows: 1 }),
        expect.objectContaining({ type: 'string', rows: 1 }),
      ]),
    );
  });

  it('warns of types that changed, new events, and events that stopped', async () => {
    const answer = await ask();
    expect(facts(answer)).toEqual([
      ['type_changed', 'signup', 'plan', '2026-11-18'],
      ['stopped', 'heartbeat', null, '2026-11-17'],
      // The lake begins on the 16th: what was there then is not new. One row of `bare` before is too few for `once`.
      ['new_event', 'invite', null, '2026-11-18'],
    ]);
    expect(answer.warnings.map(({ text }) => text)).toEqual([
      'Until 2026-11-17 it was string; since 2026-11-18 it is also number.',
      'None since 2026-11-17; before, there were 15 a day.',
      'New since 2026-11-18: 3 rows.',
    ]);
  });

  it('looks for events that seem new before the days, too', async () => {
    // From the 17th on: signup, bare and invite are first seen on the 18th, but only invite has no rows before.
    expect(facts(await ask('--days', '5'))).toEqual([['new_event', 'invite', null, '2026-11-18']]);
  });

  it('exits 3 on warnings only when it is asked to', async () => {
    expect((await ask('--check')).code).toBe(3);
    expect((await ask('--check', '--event', 'invite', '--days', '4')).code).toBe(0);
  });

  it('lists names with a part of theirs, with the warnings about all', async () => {
    const [all, found] = [await ask(), await ask('--search', 'SIGN')];
    expect(found.events.map((one) => one.event)).toEqual(['signup', 'Sign-Up']);
    expect([found.total, found.warnings]).toEqual([2, all.warnings]);
  });

  it('treats names as text, and cuts those that are too long', async () => {
    const { events } = await ask('--event', HOSTILE);
    expect(events).toMatchObject([
      { event: HOSTILE, properties: [{ property: HOSTILE }, { property: 'k'.repeat(256) }] },
    ]);
    const { stdout } = await observed.sluice('names');
    expect(stdout).toContain('<img src=x onerror=alert(1)>\\u001b[31m');
    expect(stdout).not.toContain('\u001b');
  });

  it('is a table for people', async () => {
    const { code, stdout } = await observed.sluice('names');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^7 events in production, 2026-11-15 to 2026-11-21$/m);
    expect(stdout).toMatch(
      /^purchase +3 +number 67 %, string 33 % +address, gift, items, note, a b\.c +2026-11-16 +2026-11-16T10:00Z *$/m,
    );
    expect(stdout).toContain('TYPE CHANGED  signup . plan: Until 2026-11-17 it was string;');
    expect(stdout).toMatch(/Athena read [\d,]+ bytes, about \$/);
    const one = await observed.sluice('names', '--event', 'signup');
    expect(one.stdout).toMatch(/^plan +21 +100 % +string 81 %, number 19 % +2026-11-16 +2026-11-18T10:00Z$/m);
  });

  it('refuses an event without rows', async () => {
    const { code, stderr } = await observed.sluice('names', '--event', 'sign-up');
    expect([code, stderr]).toEqual([1, expect.stringContaining('SLUICE_NAMES_UNKNOWN_EVENT')]);
    const wrong = await observed.sluice('names', '--days', '91');
    expect(wrong.code).toBe(2);
  });
});
