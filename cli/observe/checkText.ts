import { counted, visibleLine } from '../../lib/base/text.ts';
import type { ExperimentList, JudgedExperiment } from '../../observe/experiments/checkExperiments.ts';
import { athenaRead, lines } from '../terminal/phrases.ts';
import { textTable } from '../terminal/tables.ts';

/** Checked experiments for people. */
export function checkText({ unit, experiments, scanned_bytes: bytes }: ExperimentList): string {
  const mismatches = experiments.filter(({ verdict }) => verdict === 'mismatch');
  return [
    `${counted(experiments.length, 'experiment')}, units by ${unit} in production\n`,
    ...(experiments.length === 0 ? [] : [textTable(experiments.map(row))]),
    lines([
      ...mismatches.map(
        ({ experiment }) =>
          `MISMATCH of ${visibleLine(experiment)}: find the cause before you use its results (docs/experiments.md).`,
      ),
      athenaRead(bytes),
    ]),
  ].join('\n');
}

/** The line of an experiment: its verdict, p-value and groups. */
function row({
  experiment,
  since,
  verdict,
  p_value: p,
  units,
  groups,
  crossovers,
}: JudgedExperiment): Readonly<Record<string, string | number | null>> {
  return {
    experiment: since === null ? experiment : `${experiment} since ${since}`,
    split: verdict.replaceAll('_', ' '),
    p: p === null ? null : Number(p.toPrecision(2)),
    units,
    'groups (expected)': groups
      .map(({ group_id, group_name, units: assigned, expected }) => {
        const wanted = expected === null ? '' : ` (${Math.round(expected)})`;
        return `${group_name ?? group_id} ${assigned}${wanted}`;
      })
      .join(', '),
    crossovers,
  };
}
