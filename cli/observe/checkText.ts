import { visibleLine } from '../../lib/base/text.ts';
import type { ExperimentCheck } from '../../observe/experiments/checkExperiment.ts';
import { SUSPICIOUS_BELOW } from '../../observe/experiments/testGroups.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead, count, duration, lines } from './words.ts';

/** Days that the text lists; `--json` has all. */
const DAYS_SHOWN = 14;

/** A check for people. */
export function checkText(check: ExperimentCheck): string {
  const { groups, experiment, kind, environment, unit, units, exposures } = check;
  return [
    `${visibleLine(experiment)} (${kind}, ${visibleLine(environment)}): ${count(units)} units by ${unit}, ${count(exposures)} exposures\n`,
    ...(groups.length > 0 ? [groupTable(check)] : []),
    lines([...splitLines(check), ...noteLines(check)]),
    ...(check.days.length > 0 ? [dayTable(check)] : []),
  ].join('\n');
}

function groupTable({ groups, units }: ExperimentCheck): string {
  const isTested = groups.some(({ expected }) => expected !== null);
  return textTable(
    groups.map((group) => ({
      group: group.group_id,
      name: group.group_name ?? '',
      units: group.units,
      share: units === 0 ? '' : percent(group.units / units),
      ...(isTested
        ? { expected: group.expected === null ? null : Math.round(group.expected * 10) / 10 }
        : {}),
      crossovers: group.crossovers,
    })),
  );
}

function dayTable({ days, groups }: ExperimentCheck): string {
  const all = [...new Set(days.map(({ ds }) => ds))];
  const shown = all.slice(-DAYS_SHOWN);
  const rows = shown.map((day) => ({
    day,
    ...Object.fromEntries(
      groups.map(({ group_id, group_name }) => [
        group_name === null ? group_id : `${group_name} (${group_id})`,
        days.find(({ ds, group_id: of }) => ds === day && of === group_id)?.units ?? 0,
      ]),
    ),
  }));
  const part = all.length > shown.length ? ` (the last ${shown.length} of ${all.length} days)` : '';
  return `New units by day${part}:\n${textTable(rows)}`;
}

const SOURCES = {
  configuration: 'the configuration',
  specs: "Statsig's specs",
  equal: '--equal',
} as const;

function splitLines(check: ExperimentCheck): string[] {
  const { p_value: p, alpha, largest_deviation: largest, untested, expected_from: source, groups } = check;
  const result: string[] = [];
  if (untested !== null) result.push(`Split: not tested. ${untested.text}`);
  if (p !== null && largest !== null && source !== null) {
    const number = p === 0 || p >= 0.0001 ? String(Number(p.toPrecision(4))) : p.toExponential(2);
    const verdict =
      p < alpha
        ? `MISMATCH. p = ${number}, below ${alpha}: if the split were as expected, this would hardly happen. Find the cause before you use the results.`
        : p < SUSPICIOUS_BELOW
          ? `suspicious. p = ${number}, below ${SUSPICIOUS_BELOW} but not below ${alpha}. Check again with more units.`
          : `as expected. p = ${number}.`;
    result.push(
      `Split: ${verdict} The largest deviation is ${percent(largest)} of the units. Expected by ${SOURCES[source]}.`,
    );
  }
  if (check.unexpected_groups.length > 0)
    result.push(
      `Split: MISMATCH. These groups have units but are not expected: ${check.unexpected_groups.map(visibleLine).join(', ')}. ${
        source === 'specs'
          ? 'Pull the specs again if they are new (sluice groups pull).'
          : 'Add them to the split if they belong to it.'
      }`,
    );
  const empty = groups.filter((group) => group.expected !== null && group.units === 0);
  if (empty.length > 0 && check.units > 0)
    result.push(`Without units: ${empty.map(({ group_id }) => visibleLine(group_id)).join(', ')}.`);
  return result;
}

function noteLines(check: ExperimentCheck): string[] {
  const { crossovers, unit, held_out: heldOut, holdouts_known: isKnown } = check;
  const others = Object.entries(check.exposures_by_unit)
    .filter(([name, exposures]) => name !== unit && exposures > 0)
    .map(([name, exposures]) => `${name} in ${count(exposures)}`);
  return [
    crossovers > 0
      ? `Crossovers: ${count(crossovers)} units saw several groups. Each counts in its first group.`
      : 'Crossovers: none.',
    isKnown
      ? `Held out: ${heldOut === 0 ? 'none' : `${count(heldOut)} units`}.`
      : 'Held out: not known. Set `holdouts`, or pull the specs (sluice groups pull): until then, held-out units count as another group.',
    ...(check.null_units > 0
      ? [
          `Without ${unit}: ${count(check.null_units)} exposures, which count for no unit.${others.length === 0 ? '' : ` Others: ${others.join(', ')} (--unit).`}`,
        ]
      : []),
    ...(check.first_seen !== null ? [`Seen: from ${check.first_seen} to ${check.last_seen}.`] : []),
    ...(check.lag_ms !== null
      ? [`Lag: the newest row was received ${duration(check.lag_ms / 1_000)} ago.`]
      : []),
    ...(check.shared
      ? [
          check.kind === 'gate'
            ? 'An experiment has the same name.'
            : 'A gate has the same name: --gate checks it.',
        ]
      : []),
    athenaRead(check.scanned_bytes),
  ];
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)} %`;
}
