import { randomBytes } from 'node:crypto';
import { placeOptions, readPlaceOptions } from '../aws/placeOptions.ts';
import { type Command, type CommandLine, UsageError } from '../commandLine.ts';
import { writeJson, writeNote, writeOut } from '../output.ts';
import { MAX_BURST } from '../probe/limits.ts';
import { ProbeError } from '../probe/ProbeError.ts';
import type { ProbeOptions } from '../probe/runProbe.ts';

/** The local cloud takes any key of this shape. */
const LOCAL_KEY = 'client-sluice-probe';

/** `sluice probe`: answers of AWS's own to what its documents leave open. */
export const probe: Command = {
  name: 'probe',
  summary:
    'Send marked events through a deployment in every encoding, follow them to Athena, and say what AWS does.',
  usage: 'sluice probe [--local] [--stage NAME] [--key KEY] [options]',
  options: {
    ...placeOptions,
    key: { type: 'string', help: 'SDK key to send with (default SLUICE_PROBE_KEY; locally any)' },
    url: { type: 'string', help: "the collector's address (default: that of the stack)" },
    burst: {
      type: 'string',
      help: `also send so many requests at once, ${MAX_BURST} at most; holds others up`,
    },
    slow: { type: 'boolean', help: 'also send the slowest body that is taken' },
    wait: { type: 'string', help: 'seconds to wait for rows (default 1.5 × buffering.seconds + 240)' },
    keep: { type: 'boolean', help: 'leave rows and query results where they are' },
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice probe --local',
    'SLUICE_PROBE_KEY=client-… sluice probe --stage prod',
    'sluice probe --stage trial --burst 200 --slow --json',
  ],
  async run(line) {
    if (line.positionals.length > 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', `Came ${line.positionals.join(' ')}.`);
    const burst = wholeNumber(line, 'burst', MAX_BURST) ?? 0;
    const seconds = wholeNumber(line, 'wait', 86_400);
    const url = option(line, 'url');
    if (url !== undefined && !URL.canParse(url))
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--url: came ${url}, expected https://….`);
    const { deploymentPlace } = await import('../aws/deploymentPlace.ts');
    const deployment = await deploymentPlace(readPlaceOptions(line), process.env);
    const key =
      option(line, 'key') ?? (process.env['SLUICE_PROBE_KEY'] || (deployment.local ? LOCAL_KEY : undefined));
    if (key === undefined) throw new ProbeError('SLUICE_PROBE_NO_KEY');
    const [{ openPlace }, { runProbe }, { reportJson, reportText }] = await Promise.all([
      import('../probe/openPlace.ts'),
      import('../probe/runProbe.ts'),
      import('../probe/reportText.ts'),
    ]);
    const options: ProbeOptions = {
      burst,
      slow: line.values['slow'] === true,
      keep: line.values['keep'] === true,
      ...(seconds === undefined ? {} : { waitMs: seconds * 1_000 }),
      told: (doing) => {
        if (process.stderr.isTTY) writeNote(`${doing} …\n`);
      },
    };
    const place = await openPlace(deployment, url);
    try {
      const { collector, now: time } = place;
      const report = await runProbe(
        place,
        { id: randomBytes(4).toString('hex'), collector, key, time },
        options,
      );
      if (line.values['json'] === true) writeJson(reportJson(report));
      else writeOut(reportText(report));
      return report.answers.some(({ verdict }) => verdict === 'otherwise') ? 3 : 0;
    } finally {
      place.close();
    }
  },
};

function wholeNumber(line: CommandLine, name: string, most: number): number | undefined {
  const text = option(line, name);
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 1 && number <= most))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--${name}: came ${text}, expected 1 to ${most}.`);
  return number;
}

function option({ values }: CommandLine, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
