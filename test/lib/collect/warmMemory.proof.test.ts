import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { input, now, sender } from './collectOne.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes on the heap that somebody still refers to. V8 keeps the shapes of objects, and so their keys, for some rounds. */
function heldBytes(): number {
  for (let round = 0; round < 5; round += 1) collectGarbage();
  return process.memoryUsage().heapUsed;
}

const MIB = 1024 * 1024;
const BODIES = 40;
/** Ten events in each body. */
const EVENTS = Array.from({ length: 10 }, (_, i) => i);

describe('a warm collector', () => {
  const plan = collectPlan(defineConfig(input));
  const gate = { eventName: 'statsig::gate_exposure', time: now };

  it.each([
    ['keys', (text: string) => ({ eventName: 'e', metadata: { [text.repeat(2_000)]: 1 } })],
    [
      'reasons',
      (text: string) => ({ ...gate, metadata: { gate: 'g', ruleID: 'r', reason: text.repeat(2_000) } }),
    ],
    ['rules', (text: string) => ({ ...gate, metadata: { gate: 'g', ruleID: text.repeat(2_000) } })],
    ['names', (text: string) => ({ eventName: text.repeat(2_000) })],
  ])('keeps nothing of very long %s', (_what, eventOf) => {
    const before = heldBytes();
    for (let body = 0; body < BODIES; body += 1) {
      const events = EVENTS.map((i) => eventOf(`some text ${body} ${i} `.padEnd(50, '-')));
      expect(collectBatch(JSON.stringify({ events }), sender, plan).refused).toEqual([]);
    }
    // 400 of them with 100,000 units each were 40 MB.
    expect(heldBytes() - before).toBeLessThan(8 * MIB);
  });

  it('does not keep a body in memory through its remembered evaluations', () => {
    const before = heldBytes();
    for (let body = 0; body < BODIES; body += 1) {
      // V8 makes a piece of at least 13 units a view into the text that it is cut out of.
      const metadata = {
        gate: `some_gate_of_body_${body}`,
        ruleID: 'rule_of_this_gate',
        lcut: `${now + body}`,
      };
      const sent = { pad: ' '.repeat(2 * MIB), events: EVENTS.map(() => ({ ...gate, metadata })) };
      expect(collectBatch(JSON.stringify(sent), sender, plan).refused).toEqual([]);
    }
    // All bodies are 80 MiB.
    expect(heldBytes() - before).toBeLessThan(8 * MIB);
  });

  it('keeps little of evaluations that never repeat, however long they are', () => {
    const before = heldBytes();
    // Two bytes each.
    const long = '中'.repeat(250);
    for (let body = 0; body < BODIES; body += 1) {
      const events = Array.from({ length: 300 }, (_, i) => ({
        ...gate,
        metadata: {
          gate: long,
          ruleID: long,
          reason: long,
          allocatedExperiment: long,
          parameterName: `${long}${body * 1_000 + i}`,
        },
      }));
      expect(collectBatch(JSON.stringify({ events }), sender, plan).refused).toEqual([]);
    }
    expect(heldBytes() - before).toBeLessThan(32 * MIB);
  });
});
