import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from '@jest/globals';
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
/** The events of a body, unless it has other ones. */
const EVENTS = Array.from({ length: 10 }, (_, i) => i);
const gate = { eventName: 'statsig::gate_exposure', time: now };

describe('a warm collector', () => {
  let plan: ReturnType<typeof collectPlan>;
  beforeEach(() => {
    plan = collectPlan(defineConfig(input));
  });

  it.each([
    { what: 'keys', eventOf: (long: string) => ({ eventName: 'e', metadata: { [long]: 1 } }) },
    {
      what: 'reasons',
      eventOf: (long: string) => ({ ...gate, metadata: { gate: 'g', ruleID: 'r', reason: long } }),
    },
    { what: 'rules', eventOf: (long: string) => ({ ...gate, metadata: { gate: 'g', ruleID: long } }) },
    { what: 'names', eventOf: (long: string) => ({ eventName: long }) },
  ])('does not keep $what of 100,000 characters', ({ eventOf }) => {
    const before = heldBytes();
    for (let body = 0; body < BODIES; body += 1) {
      const events = EVENTS.map((i) => eventOf(`some text ${body} ${i} `.padEnd(50, '-').repeat(2_000)));
      expect(collectBatch(JSON.stringify({ events }), sender, plan).refused).toEqual([]);
    }
    // V8 keeps the last body or two, 1 MB each. If evaluations of any length were cached, 22 would be: 6 MiB.
    expect(heldBytes() - before).toBeLessThan(4 * MIB);
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

  it('keeps less than 20 MiB of long evaluations that never repeat', () => {
    const before = heldBytes();
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
    // The cache takes 8,000,000 characters, of two bytes each here. The 4,000 evaluations that it may have are 30 MB.
    expect(heldBytes() - before).toBeLessThan(20 * MIB);
  });
});
