import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../bench/collect/seededRandom.ts';
import { emfLine, Sampler } from '../../../lib/base/log.ts';
import {
  collectMetrics,
  failureMetrics,
  groupsFailureMetrics,
  type RequestOutcome,
  requestMetrics,
} from '../../../lib/collect/collectMetrics.ts';
import { ignoredReasons } from '../../../lib/collect/eventFilter.ts';
import { emfProblems } from '../../harness/emfProblems.ts';

const quiet: RequestOutcome = {
  stage: 'prod',
  receivedAt: Date.UTC(2026, 10, 20),
  requestId: null,
  latencyMs: 12,
  received: 0,
  duplicates: 0,
  clockSkewMs: null,
  refusedAs: null,
  streams: [],
  refused: {},
  ignored: {},
};
const stream = { landed: 0, overflowed: 0, retried: 0, payloadBytes: 0, billedBytes: 0 };

const count = fc.nat(100_000);
const counts = fc.dictionary(
  fc.oneof(fc.constantFrom('SLUICE_EVENT_NO_NAME', ...ignoredReasons), fc.string()),
  fc.integer({ min: 1, max: 500 }),
  { maxKeys: 4 },
);
const outcomes: fc.Arbitrary<RequestOutcome> = fc.record({
  stage: fc.constantFrom('dev', 'prod'),
  receivedAt: fc.constant(Date.UTC(2026, 10, 20)),
  requestId: fc.constantFrom(null, 'JKJaXmPLvHcESHA='),
  latencyMs: count,
  received: count,
  duplicates: count,
  clockSkewMs: fc.oneof(fc.constant(null), fc.integer()),
  refusedAs: fc.constantFrom(null, 'SLUICE_KEY_UNKNOWN'),
  streams: fc.subarray(['exposures', 'events', 'quarantine']).chain((tables) =>
    fc.tuple(
      ...tables.map((table) =>
        fc.record({
          table: fc.constant(table),
          landed: count,
          overflowed: count,
          retried: count,
          payloadBytes: count,
          billedBytes: count,
        }),
      ),
    ),
  ),
  refused: counts,
  ignored: counts,
});

describe('the metrics of a request', () => {
  it('are one line for the request, and one for each stream and reason with a count', () => {
    const lines = requestMetrics({
      ...quiet,
      received: 25,
      duplicates: 2,
      clockSkewMs: -40,
      streams: [
        { ...stream, table: 'exposures', landed: 20, retried: 1, payloadBytes: 900, billedBytes: 5_120 },
        { ...stream, table: 'events' },
        { ...stream, table: 'quarantine', landed: 1, payloadBytes: 100, billedBytes: 5_120 },
      ],
      refused: { SLUICE_EVENT_NO_NAME: 1 },
      ignored: { event_filtered: 4 },
    }).map(({ _aws, ...values }) => values);
    const own = { function: 'collect', stage: 'prod' };
    expect(lines).toEqual([
      {
        ...own,
        requests: 1,
        received: 25,
        landed: 20,
        refused: 1,
        quarantined: 1,
        ignored: 4,
        retried: 1,
        duplicates_in_batch: 2,
        clock_skew_ms: -40,
        payload_bytes: 1_000,
        firehose_billed_bytes: 10_240,
        latency_ms: 12,
      },
      { ...own, table: 'exposures', landed: 20, retried: 1, firehose_billed_bytes: 5_120 },
      { ...own, table: 'quarantine', quarantined: 1, firehose_billed_bytes: 5_120 },
      { ...own, reason: 'SLUICE_EVENT_NO_NAME', refused: 1 },
      { ...own, reason: 'event_filtered', ignored: 4 },
    ]);
  });

  it('have the embedded metric format, and dimensions from closed lists, whatever they count', () => {
    const known = new Set([
      'collect',
      'dev',
      'prod',
      'exposures',
      'events',
      'quarantine',
      'other',
      ...ignoredReasons,
    ]);
    fc.assert(
      fc.property(outcomes, (outcome) => {
        const lines = requestMetrics(outcome);
        for (const line of lines) {
          expect(emfProblems(JSON.stringify(line))).toEqual([]);
          const { request_id, ...members } = line;
          expect([undefined, outcome.requestId]).toContain(request_id);
          for (const value of Object.values(members).filter((member) => typeof member === 'string')) {
            expect(known.has(value) || /^SLUICE_[A-Z_]+$/.test(value)).toBe(true);
          }
        }
        expect(lines.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('of a failed request are the request and its reason', () => {
    const lines = failureMetrics('SLUICE_COLLECT_FAILED', 'prod', 0);
    expect(lines.flatMap((line) => emfProblems(JSON.stringify(line)))).toEqual([]);
    expect(lines.map(({ _aws, ...values }) => values)).toEqual([
      { function: 'collect', stage: 'prod', requests: 1, refused_requests: 1 },
      { function: 'collect', stage: 'prod', reason: 'SLUICE_COLLECT_FAILED', refused_requests: 1 },
    ]);
    expect(lines).toMatchObject([{ _aws: { Timestamp: 0 } }, { _aws: { Timestamp: 0 } }]);
  });

  it('omit a count of zero, but not how far a clock is off', () => {
    const own = { function: 'collect', stage: 'prod' };
    const values = (outcome: Partial<RequestOutcome>) =>
      requestMetrics({ ...quiet, ...outcome }).map(({ _aws, ...line }) => line);
    const always = { ...own, requests: 1, received: 0, landed: 0, latency_ms: 12 };
    expect(values({})).toEqual([always]);
    expect(values({ clockSkewMs: 0 })).toEqual([{ ...always, clock_skew_ms: 0 }]);
    expect(values({ refusedAs: 'not a code', refused: { 'SLUICE_X, 1': 2 } })).toEqual([
      { ...always, refused_requests: 1, refused: 2 },
      { ...own, reason: 'other', refused: 2 },
      { ...own, reason: 'other', refused_requests: 1 },
    ]);
    const spilling = ['events', 'quarantine'].map((table) => ({
      ...stream,
      table,
      overflowed: 3,
      retried: 2,
    }));
    expect(values({ streams: spilling })).toEqual([
      { ...always, overflowed: 6, retried: 4 },
      { ...own, table: 'events', overflowed: 3, retried: 2 },
      { ...own, table: 'quarantine', overflowed: 3, retried: 2 },
    ]);
  });

  it('are stamped with the time at which the request was received, and its dimensions', () => {
    const [line] = requestMetrics(quiet);
    expect(line).toMatchObject({ _aws: { Timestamp: quiet.receivedAt } });
    expect(JSON.stringify(line)).toContain('[["function","stage"]]');
  });

  it('have the ID of the request in the line of the request alone, and not as a dimension', () => {
    const lines = requestMetrics({
      ...quiet,
      requestId: 'JKJaXmPLvHcESHA=',
      streams: [{ ...stream, table: 'events', landed: 1 }],
    });
    expect(lines.map((line) => line['request_id'])).toEqual(['JKJaXmPLvHcESHA=', undefined]);
    expect(JSON.stringify(lines[0])).toContain('[["function","stage"]]');
  });

  it('of a failed read of experiment groups are one count', () => {
    const lines = groupsFailureMetrics('prod', 5);
    expect(lines.flatMap((line) => emfProblems(JSON.stringify(line)))).toEqual([]);
    expect(lines).toMatchObject([
      { _aws: { Timestamp: 5 }, function: 'collect', stage: 'prod', groups_failures: 1 },
    ]);
  });

  it('have no line without a value', () => {
    expect(emfLine({ namespace: 'x', timestamp: 0, dimensions: {}, values: [] })).toBeNull();
  });

  it('are documented, each with its unit, and the documentation lists no others', () => {
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (\w+) \|/gm)].map(([, name, unit]) => ({
      name,
      unit,
    }));
    expect(rows.toSorted(byName)).toEqual(Object.values(collectMetrics).toSorted(byName));
    for (const reason of ignoredReasons) expect(page).toContain(`\`${reason}\``);
  });
});

function byName(a: { name?: string | undefined }, b: { name?: string | undefined }): number {
  return String(a.name).localeCompare(String(b.name));
}

describe('the sampler', () => {
  const draw = (rate: number, seed: number, n = 20_000) => {
    const sampler = new Sampler(rate, seededRandom(seed));
    return Array.from({ length: n }, () => sampler.next());
  };

  it('selects about the configured share, none at 0 and all at 1', () => {
    expect(draw(0, 7).some(Boolean)).toBe(false);
    expect(draw(1, 7).every(Boolean)).toBe(true);
    for (const rate of [0.01, 0.3]) {
      const part = draw(rate, 7).filter(Boolean).length / 20_000;
      expect(Math.abs(part - rate)).toBeLessThan(0.01);
    }
  });

  it('selects the same values for the same seed, and others for another seed', () => {
    expect(draw(0.5, 7, 200)).toEqual(draw(0.5, 7, 200));
    expect(draw(0.5, 7, 200)).not.toEqual(draw(0.5, 8, 200));
  });
});
