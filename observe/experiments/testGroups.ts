import type { Expectation, ExpectedGroup, UntestedReason } from './expectedSplit.ts';
import { expectedUnits, sampleRatioPValue } from './sampleRatio.ts';

/**
 * The p-value below which the ratio counts as a mismatch. Many experiments are checked, many times each, so the level is
 * low: Statsig alerts below 0.001 and warns below 0.01. https://docs.statsig.com/experiments/monitor
 */
export const ALPHA = 0.001;

/** The p-value below which a ratio that is no mismatch is worth a second look: Statsig's, too. */
export const SUSPICIOUS_BELOW = 0.01;

/** The verdict on a split in one word. */
export type SplitVerdict = 'as_expected' | 'suspicious' | 'mismatch' | 'not_tested';

/** The counts of a group. */
export interface CountedGroup {
  readonly groupId: string;
  readonly units: number;
}

/** The outcome of comparing groups with what is expected of them. */
export interface GroupTest {
  /** A mismatch is a ratio that is not as expected, or a group that is not. */
  readonly verdict: SplitVerdict;
  /** It holds on every day that somebody looks: observe/experiments/sampleRatio.ts. */
  readonly pValue: number | null;
  /** The largest difference of a group's units from the expected ones, of 1; null when the ratio is not tested. */
  readonly largestDeviation: number | null;
  /** Why the ratio is not tested; null when it is. */
  readonly untested: { readonly reason: UntestedReason; readonly text: string } | null;
  /** IDs of groups that have units but are not expected. */
  readonly unexpected: readonly string[];
  /** Expected units by group ID. */
  readonly expected: ReadonlyMap<string, number>;
}

/**
 * Tests whether units are split as expected.
 *
 * @param seen Groups that have units.
 */
export function testGroups(
  seen: readonly CountedGroup[],
  expectation: Expectation,
  isGate: boolean,
): GroupTest {
  if (expectation.source === null)
    return { ...untested(expectation.reason, expectation.text), unexpected: [], expected: new Map() };
  const { groups } = expectation;
  const counts = groups.map(({ groupId, weight }) => {
    const { units = 0 } = seen.find((group) => group.groupId === groupId) ?? {};
    return { groupId, units, weight };
  });
  const amounts = expectedUnits(counts);
  const expected = new Map(counts.map(({ groupId }, i) => [groupId, amounts[i] ?? 0]));
  const unexpected = seen
    .map(({ groupId }) => groupId)
    .filter((groupId) => !expected.has(groupId) && (!isGate || isOfExpectedRule(groupId, groups)));
  const pValue = sampleRatioPValue(counts);
  const known = { unexpected, expected };
  const hasUnexpected = unexpected.length > 0;
  if (pValue === null) {
    const why = untested('no_units', 'No unit was exposed to an expected group.');
    return { ...known, ...why, ...(hasUnexpected ? { verdict: 'mismatch' } : {}) };
  }
  const isMismatch = pValue < ALPHA || hasUnexpected;
  const tested = counts.reduce((sum, { units }) => sum + units, 0);
  return {
    ...known,
    verdict: isMismatch ? 'mismatch' : pValue < SUSPICIOUS_BELOW ? 'suspicious' : 'as_expected',
    pValue,
    largestDeviation: Math.max(...counts.map(({ units }, i) => Math.abs(units - (amounts[i] ?? 0)) / tested)),
    untested: null,
  };
}

/** The parts of a test that was not made. */
function untested(reason: UntestedReason, text: string) {
  return {
    verdict: 'not_tested',
    pValue: null,
    largestDeviation: null,
    untested: { reason, text },
  } as const;
}

/** A gate's rules are for different units, so each rule has a ratio of its own: `<rule ID>:Pass` and `<rule ID>:Fail`. */
function isOfExpectedRule(groupId: string, groups: readonly ExpectedGroup[]): boolean {
  const rule = (id: string) => id.slice(0, id.lastIndexOf(':'));
  return groups.some((group) => rule(group.groupId) === rule(groupId));
}

/** The unit ID that most exposures have; of equally frequent ones the first. */
export function mostFrequentUnit(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  const highest = Math.max(...entries.map(([, count]) => count));
  return entries.find(([, count]) => count === highest)?.[0] ?? 'user_id';
}
