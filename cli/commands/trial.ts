import {
  type Command,
  type CommandLine,
  choiceOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { TRIAL_ENDPOINTS } from '../trial/Trial.ts';

/** `sluice trial`: a first deployment to an account, which removes what it has made. */
export const trial: Command = {
  name: 'trial',
  summary: 'Deploy to AWS, ask what only AWS can answer, remove all of it, and write trial.json.',
  options: {
    region: { type: 'string', help: 'AWS region' },
    stage: { type: 'string', help: 'take boundary, tags and key of this stage (default: local)' },
    'endpoint-url': targetOptions['endpoint-url'],
    endpoint: { type: 'string', values: TRIAL_ENDPOINTS, help: 'where SDKs send to (default http-api)' },
    url: { type: 'string', help: 'URL of the collector (default: `CollectorUrl` of the stack)' },
    yes: { type: 'boolean', help: 'make it without asking' },
    remove: { type: 'string', help: 'only remove what the trial of this ID has made' },
  },
  examples: ['sluice trial --region eu-west-1', 'sluice trial --remove 1f0c93ab --region eu-west-1'],
  async run(line) {
    const region = textOption(line, 'region') || undefined;
    if (region === undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--region: missing, expected an AWS region.');
    const endpoint = choiceOption(line, 'endpoint', TRIAL_ENDPOINTS) ?? 'http-api';
    const url = textOption(line, 'url');
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--url: got ${url}, expected https://….`);
    const id = textOption(line, 'remove');
    if (id !== undefined) {
      assertRemovalAlone(line);
      const { removeLeftTrial } = await import('../trial/removeLeftTrial.ts');
      return removeLeftTrial(line, region, id);
    }
    if (line.values['yes'] !== true && !process.stdin.isTTY)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--yes: expected where nobody can be asked.');
    const { startTrial } = await import('../trial/startTrial.ts');
    return startTrial(line, { region, endpoint, url });
  },
};

/**
 * Requires that `--remove` has no options beside it of a trial.
 *
 * @throws UsageError for options of a trial that is to be made: a removal would ignore them.
 */
function assertRemovalAlone({ values }: CommandLine): void {
  const stray = ['url', 'endpoint'].find((name) => values[name] !== undefined);
  if (stray !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${stray}: not an option beside --remove.`);
}
