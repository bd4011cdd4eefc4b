import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { MAX_EXACT_LENGTH } from '../../../lib/base/exactJson.ts';
import { sum } from '../../../lib/base/sum.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { MAX_EVENTS, MAX_PARTS } from '../../../lib/wire/limits.ts';
import { collectDocuments, sender } from './collectOne.ts';
import { memoryCollector, request } from './startCollector.ts';

/** Many events that share a user of so many characters. */
const bodyOf = (events: number, userLength: number, more = '', letter = 'u') =>
  `{"user":{"custom":"${letter.repeat(userLength)}"},"events":[${Array(events).fill('{"eventName":"e"}')}${more}]}`;

const listsOf = (events: number, exposures: number) =>
  `{"events":[${Array(events).fill(0)}],"exposures":[${Array(exposures).fill(0)}]}`;

it.each([
  { what: 'more events than it accepts', text: listsOf(MAX_EVENTS + 1, 0) },
  { what: 'more exposures than it accepts', text: listsOf(0, MAX_EVENTS + 1) },
  { what: 'more of both than it accepts', text: listsOf(MAX_EVENTS, 1) },
  { what: 'rows that would fill the memory', text: bodyOf(10_000, 4_000) },
  { what: 'rows of megabytes', text: bodyOf(9_900, 600) },
  { what: 'too large rows that it has to measure', text: bodyOf(20, 400_000, '', '語') },
])('the collector refuses a small body with $what, and keeps it as sent', async ({ text }) => {
  const body = gzipSync(text, { level: 1 });
  const { status, code, rows, quarantined } = await memoryCollector()(request({ body }));
  expect(status).toBe(413);
  expect(code).toBe('SLUICE_BODY_TOO_MANY_EVENTS');
  expect(rows).toHaveLength(0);
  expect(quarantined).toMatchObject([{ reason: code, raw: body.toString('base64'), raw_encoding: 'base64' }]);
});

it('the collector refuses each event of a user with more characters than a record has bytes, however many there are', () => {
  const plan = collectPlan(defineConfig({ bucket: 'bucket' }));
  const { rows, refusedCounts } = collectBatch(bodyOf(1_000, 1_030_000), sender, plan);
  expect(rows.events).toHaveLength(0);
  expect(refusedCounts).toEqual({ SLUICE_EVENT_TOO_LARGE: 1_000 });
});

it('the collector refuses a body with too many objects', async () => {
  const body = (count: number) =>
    `{"unread":"${'x'.repeat(2_100_000)}","events":[[${'{},'.repeat(count)}0]]}`;
  expect(
    collectBatch(body(MAX_PARTS - 5), sender, collectPlan(defineConfig({ bucket: 'bucket' }))).events,
  ).toBe(1);
  const sent = gzipSync(body(MAX_PARTS - 4), { level: 1 });
  const { status, code } = await memoryCollector()(request({ body: sent }));
  expect(status).toBe(413);
  expect(code).toBe('SLUICE_BODY_TOO_COSTLY');
});

it('the collector keeps each digit of a number that a double cannot hold, and refuses a body of more than 4 MiB with one', () => {
  const plan = collectPlan(defineConfig({ bucket: 'bucket' }));
  const rowsOf = (padding: number, id: string) =>
    collectDocuments(
      `{"unread":"${'x'.repeat(padding)}","events":[{"eventName":"e","metadata":{"id":${id}}}]}`,
      sender,
      plan,
    ).documents.events;
  expect(rowsOf(10, '12345678901234567890')[0]).toContain('12345678901234567890');
  expect(rowsOf(MAX_EXACT_LENGTH, '7')).toHaveLength(1);
  expect(() => rowsOf(MAX_EXACT_LENGTH, '12345678901234567890')).toThrow(
    expect.objectContaining({ code: 'SLUICE_BODY_TOO_COSTLY' }),
  );
});

it('the collector accepts as many events as it may', async () => {
  const { status, rows } = await memoryCollector()(request({ body: gzipSync(bodyOf(MAX_EVENTS, 1)) }));
  expect(status).toBe(202);
  expect(rows.length).toBe(MAX_EVENTS);
});

it.each([
  { what: '4 MiB', padding: 0, limitOf: () => 4_194_304 },
  { what: 'ten times the body', padding: 1_000_000, limitOf: (length: number) => 10 * length },
  { what: '32 MiB', padding: 4_000_000, limitOf: () => 33_554_432 },
])('the collector accepts rows up to $what for both tables together', ({ padding, limitOf }) => {
  const plan = collectPlan(defineConfig({ bucket: 'bucket' }));
  const exposure =
    ',{"eventName":"statsig::gate_exposure","metadata":{"gate":"g","gateValue":"true","ruleID":"r"}}';
  const textOf = (events: number, more: string) =>
    `{"unread":"${'x'.repeat(padding)}",${bodyOf(events, 100_000, more).slice(1)}`;
  const lengthOf = (events: number, more: string) => {
    const { documents } = collectDocuments(textOf(events, more), sender, plan);
    return sum([...documents.events, ...documents.exposures].map(({ length }) => length));
  };
  const each = lengthOf(2, '') - lengthOf(1, '');
  const most = Math.floor((limitOf(textOf(1, exposure).length) - lengthOf(1, exposure)) / each) + 1;
  expect(lengthOf(most, exposure)).toBeLessThanOrEqual(limitOf(textOf(most, exposure).length));
  const tooMany = expect.objectContaining({ code: 'SLUICE_BODY_TOO_MANY_EVENTS' });
  expect(() => lengthOf(most + 1, exposure)).toThrow(tooMany);
  expect(() => lengthOf(most, exposure + exposure)).toThrow(tooMany);
});
