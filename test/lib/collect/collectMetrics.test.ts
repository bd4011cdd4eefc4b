import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failureMetrics, type RequestOutcome, requestMetrics } from '../../../lib/collect/collectMetrics.ts';
import { ignoredReasons } from '../../../lib/collect/eventFilter.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { emfProblems } from '../../harness/emfProblems.ts';

const quiet: RequestOutcome = {
  stage: 'prod',
  receivedAt: Date.UTC(2026, 10, 20),
  requestId: null,
  latencyMs: 12,
  received: 0,
  refusedAs: null,
  tables: [],
  ignored: {},
};
const nothing = { landed: 0, overflowed: 0, unsure: 0 };

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
  refusedAs: fc.constantFrom(null, 'SLUICE_KEY_UNKNOWN'),
  tables: fc.subarray([...tableKinds]).chain((tables) =>
    fc.tuple(
      ...tables.map((table) =>
        fc.record({
          table: fc.constant(table),
          landed: count,
          overflowed: count,
          unsure: count,
        }),
      ),
    ),
  ),
  ignored: counts,
});

describe('the metrics of a request', () => {
  it('of a usual request are short: each byte of each request is paid for', () => {
    const lines = requestMetrics({
      ...quiet,
      requestId: 'JKJaXmPLvHcESHA=',
      received: 20,
      tables: [
        { ...nothing, table: 'exposures', landed: 10 },
        { ...nothing, table: 'events', landed: 10 },
      ],
    });
    expect(JSON.stringify(lines[0]).length).toBeLessThanOrEqual(400);
    // The ID is no dimension.
    expect(JSON.stringify(lines[0])).toContain('[["function","stage"]]');
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
          if (request_id !== undefined) expect(request_id).toBe(outcome.requestId);
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
      { function: 'collect', stage: 'prod', received: 0, refused_requests: 1 },
      { function: 'collect', stage: 'prod', reason: 'SLUICE_COLLECT_FAILED', refused_requests: 1 },
    ]);
    expect(lines).toMatchObject([{ _aws: { Timestamp: 0 } }, { _aws: { Timestamp: 0 } }]);
  });

  it('omit a count of zero, but not of events received: each request has one value', () => {
    const own = { function: 'collect', stage: 'prod' };
    const linesOf = (outcome: Partial<RequestOutcome>) =>
      requestMetrics({ ...quiet, ...outcome }).map(({ _aws, ...line }) => line);
    const always = { ...own, latency_ms: 12, received: 0 };
    expect(linesOf({})).toEqual([always]);
    expect(linesOf({ refusedAs: 'not a code', requestId: 'r' })).toEqual([
      { ...always, refused_requests: 1, request_id: 'r' },
      { ...own, reason: 'other', refused_requests: 1 },
    ]);
    const spilling = (['events', 'quarantine'] as const).map((table) => ({
      ...nothing,
      table,
      overflowed: 3,
    }));
    const ignored = { event_filtered: 2, exposure_filtered: 3, exception_report: 4 };
    expect(linesOf({ ignored })).toEqual([{ ...always, ignored: 9, filtered: 5, ignored_as: ignored }]);
    expect(linesOf({ tables: spilling })).toEqual([
      { ...always, overflowed: 6, events_overflowed: 3, quarantine_overflowed: 3 },
    ]);
  });
});
