import fc from 'fast-check';
import type { LandingRequest } from '../../../../lib/landing/frames/encodeRecord.ts';

const day = fc
  .integer({ min: 0, max: 800 })
  .map((days) => new Date(Date.UTC(2025, 0, 1 + days)).toISOString().slice(0, 10));
const json = fc.oneof(fc.json({ stringUnit: 'binary' }), fc.json());
const rows = fc.oneof(
  fc.array(fc.record({ day, json }), { maxLength: 30 }),
  fc.array(fc.record({ day: fc.constant('2026-11-23'), json }), { maxLength: 30 }),
);

/** Requests with rows of any tables and days. */
export const requests: fc.Arbitrary<LandingRequest> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{32}$/),
  request: fc.option(fc.stringMatching(/^[\w=-]{1,64}$/)),
  receivedAt: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  rows: fc.record({ exposures: rows, events: rows, quarantine: rows }, { requiredKeys: [] }),
});
