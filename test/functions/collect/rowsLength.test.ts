import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/CollectPlan.ts';
import { collectBatch } from '../../../lib/collect/collectBatch.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { MAX_ROWS_LENGTH } from '../../../lib/wire/limits.ts';
import { sender } from '../../lib/collect/collectOne.ts';
import { memoryCollector, requestOf } from './memoryCollector.ts';

/** Many events that share a user of so many characters. */
const bodyOf = (events: number, userLength: number, more = '') =>
  `{"user":{"custom":"${'u'.repeat(userLength)}"},"events":[${Array(events).fill('{"eventName":"e"}')}${more}]}`;

it('the collector refuses a body whose rows would fill the memory, and keeps it as sent', async () => {
  const body = gzipSync(bodyOf(100_000, 2_000));
  expect(body.length).toBeLessThan(10_000);
  const { status, code, rows, quarantined } = await memoryCollector()(requestOf(body));
  expect([status, code, rows.length]).toEqual([413, 'SLUICE_BODY_TOO_MANY_EVENTS', 0]);
  expect(quarantined).toEqual([
    expect.objectContaining({ reason: code, raw: body.toString('base64'), raw_encoding: 'base64' }),
  ]);
});

it('the collector accepts rows up to the limit for both tables together', () => {
  const plan = collectPlan(defineConfig({ bucket: 'bucket' }));
  const exposure =
    ',{"eventName":"statsig::gate_exposure","metadata":{"gate":"g","gateValue":"true","ruleID":"r"}}';
  const lengthOf = (events: number, more: string) => {
    const { documents } = collectBatch(bodyOf(events, 500_000, more), sender, plan);
    return [...documents.events, ...documents.exposures].reduce((sum, { length }) => sum + length, 0);
  };
  const each = lengthOf(2, '') - lengthOf(1, '');
  const most = Math.floor((MAX_ROWS_LENGTH - lengthOf(1, exposure)) / each) + 1;
  expect(lengthOf(most, exposure)).toBeLessThanOrEqual(MAX_ROWS_LENGTH);
  const tooMany = expect.objectContaining({ code: 'SLUICE_BODY_TOO_MANY_EVENTS' });
  expect(() => lengthOf(most + 1, exposure)).toThrow(tooMany);
  expect(() => lengthOf(most, exposure + exposure)).toThrow(tooMany);
});
