import {
  assertOrder,
  type Command,
  type CommandLine,
  dayOption,
  placeOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice check`: units and exposures of an experiment, and whether they are split as expected. */
export const check: Command = {
  name: 'check',
  summary:
    'Check an experiment: units and exposures by group, the expected split, crossovers, held-out units, lag.',
  usage: 'sluice check <experiment> [--local] [--stage NAME] [options]',
  options: {
    gate: { type: 'boolean', help: 'the gate of that name (default: the experiment, if both exist)' },
    unit: { type: 'string', help: 'unit ID, e.g. user_id (default: the one that most exposures have)' },
    from: { type: 'string', help: 'first day on which units were first exposed, YYYY-MM-DD (default: all)' },
    to: { type: 'string', help: 'last such day (default: today)' },
    environment: { type: 'string', help: 'environment of the exposures (default production)' },
    equal: { type: 'boolean', help: 'expect equal shares, whatever the configuration or the specs say' },
    alpha: { type: 'string', help: 'p-value below which it is a mismatch (default 0.001)' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice check checkout_button --stage prod',
    'sluice check checkout_button --unit stable_id --from 2026-11-01 --stage prod',
    'sluice check homepage_hero --equal --local --json',
  ],
  async run(line) {
    const [experiment, ...more] = line.positionals;
    if (experiment === undefined || experiment === '' || more.length > 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', 'Expected the name of one experiment.');
    const options = readOptions(line, experiment);
    const [{ withPlace }, { checkExperiment, checkJson }, { checkText }] = await Promise.all([
      import('../aws/withPlace.ts'),
      import('../../observe/checkExperiment.ts'),
      import('../observe/checkText.ts'),
    ]);
    const result = await withPlace(line, (place) => checkExperiment(place, options));
    writeResult(line, checkJson(result), () => checkText(result));
    return result.isMismatch ? 3 : 0;
  },
};

function readOptions(line: CommandLine, experiment: string) {
  const from = dayOption(line, 'from');
  const to = dayOption(line, 'to');
  if (from !== undefined && to !== undefined) assertOrder(from, to);
  const unit = textOption(line, 'unit');
  const environment = textOption(line, 'environment') || undefined;
  const alpha = alphaOption(line);
  return {
    experiment,
    isEqual: line.values['equal'] === true,
    ...(line.values['gate'] === true ? { isGate: true } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(environment === undefined ? {} : { environment }),
    ...(alpha === undefined ? {} : { alpha }),
  };
}

function alphaOption(line: CommandLine): number | undefined {
  const text = textOption(line, 'alpha');
  if (text === undefined) return undefined;
  const alpha = /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (alpha > 0 && alpha < 1) return alpha;
  throw new UsageError('SLUICE_USAGE_OPTIONS', `--alpha: got ${text}, expected a number between 0 and 1.`);
}
