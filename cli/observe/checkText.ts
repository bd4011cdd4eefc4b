import { visibleLine } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { ExperimentCheck } from '../../observe/experiments/checkExperiment.ts';
import { SUSPICIOUS_BELOW } from '../../observe/experiments/testGroups.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead, count, duration, lines } from './words.ts';

/** Days that the text lists; `--json` has all. */
const DAYS_SHOWN = 14;

/** A check for people. */
export function checkText(check: ExperimentCheck): string {
  const { groups, days, experiment, isGate, environment, unit } = check;
  const units = groups.reduce((sum, group) => sum + group.units, 0);
  const name = visibleLine(experiment);
  const parts = [
    `${name} (${isGate ? 'gate' : 'experiment'}, ${visibleLine(environment)}): ${count(units)} units by ${unit}, ${count(check.exposures)} exposures\n`,
  ];
  if (groups.length > 0) parts.push(groupTable(check, units));
  parts.push(lines([...splitLines(check, units), ...noteLines(check)]));
  const shown = [...new Set(days.map(({ day }) => day))].slice(-DAYS_SHOWN);
  if (shown.length > 0) parts.push(dayTable(check, shown));
  return parts.join('\n');
}

function groupTable({ groups }: ExperimentCheck, units: number): string {
  const isTested = groups.some(({ expected }) => expected !== null);
  return textTable(
    groups.map((group) => ({
      group: group.groupId,
      name: group.groupName ?? '',
      units: group.units,
      share: units === 0 ? '' : percent(group.units / units),
      ...(isTested ? { expected: group.expected === null ? null : round(group.expected) } : {}),
      exposures: group.exposures,
      crossovers: group.crossovers,
    })),
  );
}

function dayTable({ days, groups }: ExperimentCheck, shown: readonly string[]): string {
  const rows = shown.map((day) => ({
    day,
    ...Object.fromEntries(
      groups.map(({ groupId, groupName }) => [
        groupName === null ? groupId : `${groupName} (${groupId})`,
        days.find((one) => one.day === day && one.groupId === groupId)?.units ?? 0,
      ]),
    ),
    exposures: days.filter((one) => one.day === day).reduce((sum, { exposures }) => sum + exposures, 0),
  }));
  const most = new Set(days.map(({ day }) => day)).size;
  const title =
    most > shown.length ? `New units by day (the last ${shown.length} of ${most} days)` : 'New units by day';
  return `${title}:\n${textTable(rows)}`;
}

const SOURCES = {
  configuration: 'the configuration',
  specs: "Statsig's specs",
  equal: '--equal',
} as const;

function splitLines(check: ExperimentCheck, units: number): string[] {
  const { pValue, alpha, largestDeviation, untested, expectedFrom, groups, unexpectedGroups } = check;
  const result: string[] = [];
  if (untested !== null) result.push(`Split: not tested. ${untested.text}`);
  if (pValue !== null && largestDeviation !== null && expectedFrom !== null) {
    const numbers = `p = ${number(pValue)}`;
    const verdict =
      pValue < alpha
        ? `MISMATCH. ${numbers}, below ${alpha}: if the split were as expected, this would hardly happen. Find the cause before you use the results.`
        : pValue < SUSPICIOUS_BELOW
          ? `suspicious. ${numbers}, below ${SUSPICIOUS_BELOW} but not below ${alpha}. Check again with more units.`
          : `as expected. ${numbers}.`;
    result.push(
      `Split: ${verdict} The largest deviation is ${percent(largestDeviation)} of the units. Expected by ${SOURCES[expectedFrom]}.`,
    );
  }
  if (unexpectedGroups.length > 0)
    result.push(
      `Split: MISMATCH. These groups have units but are not expected: ${unexpectedGroups.map(visibleLine).join(', ')}. ${
        expectedFrom === 'specs'
          ? 'Pull the specs again if they are new (sluice groups pull).'
          : 'Add them to the split if they belong to it.'
      }`,
    );
  const empty = groups.filter((group) => group.expected !== null && group.units === 0);
  if (empty.length > 0 && units > 0)
    result.push(`Without units: ${empty.map(({ groupId }) => visibleLine(groupId)).join(', ')}.`);
  return result;
}

function noteLines(check: ExperimentCheck): string[] {
  const { crossovers, alpha, pValue, pValueWithoutCrossovers: without, unit } = check;
  const differs = pValue !== null && without !== null && pValue < alpha !== without < alpha;
  return [
    ...(crossovers > 0
      ? [
          `Crossovers: ${count(crossovers)} units saw several groups. Each counts in its first group${without === null ? '' : `; without them p = ${number(without)}`}.${differs ? ' The test depends on them: find out why units change groups.' : ''}`,
        ]
      : ['Crossovers: none.']),
    `Held out: ${check.holdoutsKnown ? heldOut(check) : 'not known. Set `holdouts`, or pull the specs (sluice groups pull): until then, held-out units count as another group.'}`,
    ...(check.nullUnits > 0
      ? [`Without ${unit}: ${count(check.nullUnits)} exposures, which count for no unit.${otherUnits(check)}`]
      : []),
    ...(check.firstSeen !== null && check.lastSeen !== null
      ? [`Seen: from ${isoTimestamp(check.firstSeen)} to ${isoTimestamp(check.lastSeen)}.`]
      : []),
    ...(check.lagMs !== null
      ? [`Lag: the newest row was received ${duration(check.lagMs / 1_000)} ago.`]
      : []),
    ...(check.isShared
      ? [check.isGate ? 'An experiment has the same name.' : 'A gate has the same name: --gate checks it.']
      : []),
    athenaRead(check.scannedBytes),
  ];
}

function heldOut({ heldOut: units, heldOutInGroups }: ExperimentCheck): string {
  if (units === 0) return 'none.';
  const also =
    heldOutInGroups > 0
      ? `; ${count(heldOutInGroups)} of the units in groups were held out at another time`
      : '';
  return `${count(units)} units${also}.`;
}

function otherUnits({ exposuresByUnit, unit }: ExperimentCheck): string {
  const others = Object.entries(exposuresByUnit).filter(
    ([name, exposures]) => name !== unit && exposures > 0,
  );
  return others.length === 0
    ? ''
    : ` Others: ${others.map(([name, exposures]) => `${name} in ${count(exposures)}`).join(', ')} (--unit).`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function number(value: number): string {
  return value === 0 || (Math.abs(value) >= 0.0001 && Math.abs(value) < 1e6)
    ? String(Number(value.toPrecision(4)))
    : value.toExponential(2);
}
