import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { collectDocuments, sender } from '../../lib/collect/collectOne.ts';
import { memoryCollector, requestOf } from './memoryCollector.ts';

/** Many events that share a user of so many characters. */
const bodyOf = (events: number, userLength: number, more = '') =>
  `{"user":{"custom":"${'u'.repeat(userLength)}"},"events":[${Array(events).fill('{"eventName":"e"}')}${more}]}`;

it('the collector refuses a body whose rows would fill the memory, and keeps it as sent', async () => {
  const body = gzipSync(bodyOf(10_000, 4_000));
  expect(body.length).toBeLessThan(2_000);
  const { status, code, rows, quarantined } = await memoryCollector()(requestOf(body));
  expect([status, code, rows.length]).toEqual([413, 'SLUICE_BODY_TOO_MANY_EVENTS', 0]);
  expect(quarantined).toEqual([
    expect.objectContaining({ reason: code, raw: body.toString('base64'), raw_encoding: 'base64' }),
  ]);
});

it('the collector refuses a small body that becomes megabytes of rows', async () => {
  const user = JSON.stringify({ custom: 'u'.repeat(600) });
  const body = gzipSync(`{"user":${user},"events":[${Array(9_900).fill('{"eventName":"e","value":1}')}]}`);
  expect(body.length).toBeLessThan(1_000);
  const { status, code, rows, quarantined } = await memoryCollector()(requestOf(body));
  expect([status, code, rows.length]).toEqual([413, 'SLUICE_BODY_TOO_MANY_EVENTS', 0]);
  expect(quarantined).toEqual([expect.objectContaining({ reason: code, raw: body.toString('base64') })]);
});

it.each([
  ['500 events with a user of 6 kB', 500, 6_000],
  ['5,000 events with a user of 400 bytes', 5_000, 400],
])('the collector accepts %s', async (_, events, userLength) => {
  const { status, rows } = await memoryCollector()(requestOf(gzipSync(bodyOf(events, userLength))));
  expect([status, rows.length]).toEqual([202, events]);
});

it.each([
  ['4 MiB', 0, () => 4_194_304],
  ['ten times the body', 1_000_000, (length: number) => 10 * length],
  ['32 MiB', 4_000_000, () => 33_554_432],
])('the collector accepts rows up to %s for both tables together', (_, padding, limitOf) => {
  const plan = collectPlan(defineConfig({ bucket: 'bucket' }));
  const exposure =
    ',{"eventName":"statsig::gate_exposure","metadata":{"gate":"g","gateValue":"true","ruleID":"r"}}';
  const textOf = (events: number, more: string) =>
    `{"unread":"${'x'.repeat(padding)}",${bodyOf(events, 100_000, more).slice(1)}`;
  const lengthOf = (events: number, more: string) => {
    const { documents } = collectDocuments(textOf(events, more), sender, plan);
    return [...documents.events, ...documents.exposures].reduce((sum, { length }) => sum + length, 0);
  };
  const each = lengthOf(2, '') - lengthOf(1, '');
  const most = Math.floor((limitOf(textOf(1, exposure).length) - lengthOf(1, exposure)) / each) + 1;
  expect(lengthOf(most, exposure)).toBeLessThanOrEqual(limitOf(textOf(most, exposure).length));
  const tooMany = expect.objectContaining({ code: 'SLUICE_BODY_TOO_MANY_EVENTS' });
  expect(() => lengthOf(most + 1, exposure)).toThrow(tooMany);
  expect(() => lengthOf(most, exposure + exposure)).toThrow(tooMany);
});
