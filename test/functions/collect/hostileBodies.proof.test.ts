import { describe, expect, it } from '@jest/globals';
import { hostileBodies } from './hostile/hostileBodies.ts';
import { runHostileRequests } from './hostile/takeHostile.ts';
import { memoryCollector, requestOf } from './memoryCollector.ts';

/** `memorySize` of the collector in serverless.yml. */
const FUNCTION_MEGABYTES = 1_024;

/** The slowest kinds for each way to be costly, some of them without end, before work was bounded. */
const WORST = [
  'numbers: beyond a double',
  'numbers: 6 KB of gzip',
  'numbers: zeros',
  'numbers: not held, with keys of their own',
  'texts: empty',
  'texts: half pairs in many',
  'keys: 16 KB each, alike but for their end',
  'private attributes: once, beside numbers',
  'private attributes: in a body nested deeply',
  'nodes: arrays 1.9 million deep',
  'events: with a user of 1 MB',
  'events: users alike but for their end',
  'events: metadata of the batch of 1,000 members, overridden by each',
  'events: refused, of numbers',
  'redaction: a million hashes',
  'bombs: zstd of numbers',
  'just within: numbers not held, every other pass as well',
  'just within: different names in one object',
  'just within: half pairs in names',
  'small: different names, every pass',
] as const;

describe('a hostile body', () => {
  it('is answered within the memory of the function, each after the other, and kept or landed', () => {
    const outcomes = runHostileRequests(
      WORST.map((kind) => hostileBodies[kind]?.() ?? { body: new Uint8Array() }),
      FUNCTION_MEGABYTES,
    );
    expect(outcomes).toHaveLength(WORST.length);
    for (const [i, { status, code, cpuMs, rssMb, keptBytes, landedBytes }] of outcomes.entries()) {
      const told = `${WORST[i]}: ${status} ${code}`;
      // Never 503: each would take as long when it is sent again.
      expect(told).toMatch(/: (?:202 null|413 SLUICE_BODY_\w+|400 SLUICE_BODY_\w+)$/);
      expect([told, keptBytes + landedBytes > 0]).toEqual([told, true]);
      // Twice of what it may take alone: other tests run beside it.
      expect([told, cpuMs < 5_000]).toEqual([told, true]);
      expect([told, rssMb < FUNCTION_MEGABYTES]).toEqual([told, true]);
    }
  }, 240_000);

  it('is one of more than 50 kinds, each of at most 6 MB as sent', () => {
    expect(Object.keys(hostileBodies).length).toBeGreaterThan(50);
    for (const kind of WORST) expect(hostileBodies[kind]?.().body.length).toBeLessThan(6_000_000);
  }, 120_000);
});

describe('a body that takes too long', () => {
  const numbers = (count: number) =>
    `{"events":[{"eventName":"e","metadata":{"a":[${'1e999,'.repeat(count)}0]}}]}`;

  it('is refused before parsing when its counts predict the time, and kept as sent', async () => {
    const body = numbers(1_000_000);
    const { status, code, quarantined, large } = await memoryCollector()(requestOf(body));
    expect([status, code, large]).toEqual([413, 'SLUICE_BODY_TOO_COSTLY', [body.length]]);
    expect(quarantined).toMatchObject([{ reason: 'SLUICE_BODY_TOO_COSTLY' }]);
  });

  it('is refused and kept when time runs out after much work, and answered 503 when it runs out after little', async () => {
    // Each look at the clock is 100 ms: the deadline passes after a few, whatever the work.
    const slow = memoryCollector({}, { tickMs: 100 });
    const heavy = await slow(requestOf(numbers(600_000)));
    expect([heavy.status, heavy.code]).toEqual([413, 'SLUICE_BODY_TOO_COSTLY']);
    expect(heavy.quarantined).toHaveLength(1);
    const light = await slow(requestOf(`{"events":[${'{"eventName":"e"},'.repeat(999)}{"eventName":"e"}]}`));
    expect([light.status, light.code, light.quarantined]).toEqual([503, 'SLUICE_COLLECT_OUT_OF_TIME', []]);
  });

  it('is refused for objects with many members, which must be sorted for every row', async () => {
    // Short names, and a body that is long enough for its rows.
    const members = Array.from(
      { length: 1_000 },
      (_, i) => `"${((i * 7_919) % 1_000).toString(36)}":0`,
    ).join();
    const events = '{"eventName":"e","statsigMetadata":{"0":1}},'.repeat(4_000);
    const unread = 'x'.repeat(3_400_000);
    const body = `{"events":[${events.slice(0, -1)}],"statsigMetadata":{${members}},"unread":"${unread}"}`;
    const { status, code, quarantined } = await memoryCollector()(requestOf(body));
    expect([status, code]).toEqual([413, 'SLUICE_BODY_TOO_COSTLY']);
    expect(quarantined).toHaveLength(1);
  });

  it('is refused for many undocumented members with different names', async () => {
    const event = (_: unknown, i: number) =>
      `{"eventName":"e",${Array.from({ length: 30 }, (_, k) => `"x${k}_${i}":0`).join()}}`;
    const body = `{"events":[${Array.from({ length: 13_000 }, event).join()}]}`;
    const { status, code, quarantined } = await memoryCollector()(requestOf(body));
    expect([status, code]).toEqual([413, 'SLUICE_BODY_TOO_COSTLY']);
    expect(quarantined).toHaveLength(1);
  });

  it('with private attributes is searched only while there is time, and withheld afterwards', async () => {
    const body = `{"events":{"privateAttributes":[${'[],'.repeat(300_000)}0]}}`;
    const strip = await memoryCollector()(requestOf(body));
    expect(strip.quarantined).toMatchObject([{ reason: 'SLUICE_BODY_WRONG_SHAPE', raw: '{"events":{}}' }]);
    const late = await memoryCollector({}, { tickMs: 100 })(requestOf(body));
    expect(late.code).toBe('SLUICE_BODY_WRONG_SHAPE');
    expect(String(late.quarantined[0]?.['raw'])).toMatch(/^withheld: \d+ bytes, [0-9a-f]{64}$/);
  });
});
