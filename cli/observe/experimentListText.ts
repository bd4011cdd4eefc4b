import { visibleLine } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import type { JudgedExperiment } from '../../observe/experiments/judgeExperiment.ts';
import type { ExperimentList } from '../../observe/experiments/listExperiments.ts';
import { textTable } from '../terminal/output.ts';
import { athenaRead, counted, lines } from './words.ts';

/** Groups that a line shows. */
const GROUPS_SHOWN = 4;

/** A list of experiments for people. */
export function experimentListText(list: ExperimentList, target: readonly string[]): string {
  const { experiments, total, environment, from, to } = list;
  const parts = [
    `${counted(total, 'experiment or gate', 'experiments and gates')} with exposures in ${visibleLine(environment)}, ${from} to ${to}\n`,
  ];
  if (experiments.length > 0) parts.push(textTable(experiments.map(row)));
  const notes = [
    ...experiments.filter(({ verdict }) => verdict === 'mismatch').map((one) => mismatchLine(one, target)),
    ...(list.withoutExposures.length > 0
      ? [`Configured, but without exposures: ${list.withoutExposures.map(visibleLine).join(', ')}.`]
      : []),
    ...(list.isCut ? ['There are more: those with the fewest exposures are left out.'] : []),
    ...(experiments.length < total ? ['There are more: --limit, or --search with a part of the name.'] : []),
    athenaRead(list.scannedBytes),
  ];
  parts.push(lines(notes));
  return parts.join('\n');
}

function row(one: JudgedExperiment) {
  return {
    experiment: one.experiment,
    kind: one.layer === null ? (one.isGate ? 'gate' : 'experiment') : `experiment of ${one.layer}`,
    split: SPLITS[one.verdict],
    p: one.pValue === null ? null : Number(one.pValue.toPrecision(2)),
    units: one.units,
    by: one.unit,
    groups: groupsCell(one),
    exposures: one.exposures,
    first: one.firstSeen === null ? '' : isoTimestamp(one.firstSeen).slice(0, 10),
    last: one.lastSeen === null ? '' : `${isoTimestamp(one.lastSeen).slice(0, 16)}Z`,
  };
}

const SPLITS = {
  as_expected: 'as expected',
  suspicious: 'suspicious',
  mismatch: 'MISMATCH',
  not_tested: 'not tested',
} as const;

/** `Control 2400 (of 2305), Test 2210 (of 2305)`. */
function groupsCell({ groups }: JudgedExperiment): string {
  const shown = groups
    .slice(0, GROUPS_SHOWN)
    .map(({ groupId, groupName, units }) => `${groupName ?? groupId} ${units}`);
  const rest = groups.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

function mismatchLine(
  { experiment, isGate, groups, unexpectedGroups, pValue }: JudgedExperiment,
  target: readonly string[],
): string {
  const name = visibleLine(experiment);
  const tested = groups.flatMap(({ groupId, groupName, units, expected }) =>
    expected === null
      ? []
      : [`${visibleLine(groupName ?? groupId)} ${units}, expected ${Math.round(expected)}`],
  );
  const facts = [
    ...(pValue === null || tested.length === 0 ? [] : [tested.join('; ')]),
    ...(unexpectedGroups.length === 0
      ? []
      : [`not expected at all: ${unexpectedGroups.map(visibleLine).join(', ')}`]),
  ];
  const command = sluiceCommand(target, ['check', experiment, ...(isGate ? ['--gate'] : [])]);
  return `MISMATCH of ${name}: ${facts.join('; ')}. Look closer: ${visibleLine(command)}`;
}
