import {
  assertNoArguments,
  type Command,
  countOption,
  targetOptions,
  textOption,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice names`: event names and properties, their types, and what a tracking plan would warn of. */
export const names: Command = {
  name: 'names',
  summary:
    'List event names and properties with counts and types; warn of changed types, new events, and events that stopped.',
  usage: 'sluice names [--event NAME] [--days N] [--local] [--stage NAME] [options]',
  options: {
    event: { type: 'string', help: 'one event with all of its properties (default: all events)' },
    days: { type: 'string', help: 'days that are read, the last one today (default 7)' },
    search: { type: 'string', help: 'only names that contain this' },
    environment: { type: 'string', help: 'environment of the events (default production)' },
    check: { type: 'boolean', help: 'exit with 3 if there are warnings' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice names --stage prod',
    'sluice names --event add_to_cart --days 30 --stage prod',
    'sluice names --check --json --local',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const options = {
      event: textOption(line, 'event') || undefined,
      days: countOption(line, 'days', { usual: undefined, most: 90 }),
      search: textOption(line, 'search'),
      environment: textOption(line, 'environment') || undefined,
    };
    const [{ withDeployment }, { listNames }, { namesText }] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../../observe/names/names.ts'),
      import('../observe/namesText.ts'),
    ]);
    const found = await withDeployment(line, (deployment) => listNames(deployment, options));
    writeResult(line, found, () => namesText(found, options.event));
    return line.values['check'] === true && found.warnings.length > 0 ? 3 : 0;
  },
};
