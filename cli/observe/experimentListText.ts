import { visibleLine } from '../../lib/base/text.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import type { JudgedExperiment } from '../../observe/experiments/judgeExperiment.ts';
import type { ExperimentList } from '../../observe/experiments/listExperiments.ts';
import { counted, listText } from './words.ts';

/** Groups that a line shows. */
const GROUPS_SHOWN = 4;

/** A list of experiments for people. */
export function experimentListText(list: ExperimentList, target: readonly string[]): string {
  const { experiments, total, environment, from, to, without_exposures: without } = list;
  return listText(list, {
    title: `${counted(total, 'experiment or gate', 'experiments and gates')} with exposures in ${visibleLine(environment)}, ${from} to ${to}`,
    rows: experiments.map(row),
    notes: [
      ...experiments
        .filter(({ verdict }) => verdict === 'mismatch')
        .map(({ experiment, kind }) => {
          const words = ['check', experiment, ...(kind === 'gate' ? ['--gate'] : [])];
          return `MISMATCH of ${visibleLine(experiment)}. Look closer: ${visibleLine(sluiceCommand(target, words))}`;
        }),
      ...(without.length > 0
        ? [`Configured, but without exposures: ${without.map(visibleLine).join(', ')}.`]
        : []),
    ],
  });
}

function row(one: JudgedExperiment) {
  return {
    experiment: one.experiment,
    kind: one.layer === null ? one.kind : `experiment of ${one.layer}`,
    split: SPLITS[one.verdict],
    p: one.p_value === null ? null : Number(one.p_value.toPrecision(2)),
    units: one.units,
    by: one.unit,
    groups: groupsCell(one),
    exposures: one.exposures,
    first: one.first_seen?.slice(0, 10) ?? '',
    last: one.last_seen?.replace(/:\d\d\.\d+Z$/, 'Z') ?? '',
  };
}

const SPLITS = {
  as_expected: 'as expected',
  suspicious: 'suspicious',
  mismatch: 'MISMATCH',
  not_tested: 'not tested',
} as const;

/** `Control 2400, Test 2210`. */
function groupsCell({ groups }: JudgedExperiment): string {
  const shown = groups
    .slice(0, GROUPS_SHOWN)
    .map(({ group_id, group_name, units }) => `${group_name ?? group_id} ${units}`);
  const rest = groups.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
