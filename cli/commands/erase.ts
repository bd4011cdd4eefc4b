import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { SluiceError } from '../../lib/base/errors.ts';
import type { EraseReceipt } from '../../operate/erase/erase.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Command,
  type CommandLine,
  dryRunOption,
  isDryRun,
  PROBLEMS_FOUND,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { confirm } from '../terminal/confirm.ts';
import { INTERRUPTED, TERMINATED } from '../terminal/interrupt.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { openProgress } from '../terminal/progress.ts';

/** `sluice erase`: rows of a person, or of any unit, out of everything in the deployment's bucket. */
export const eraseCommand: Command = {
  name: 'erase',
  summary: "Erase a person's rows from every table, copy and version in the bucket.",
  options: {
    unit: {
      type: 'string',
      multiple: true,
      help: 'what is erased, such as user_id=u-4711, stable_id=…, custom_ids.<type>=…; may be repeated',
    },
    'unit-file': { type: 'string', help: 'a file with the units that are erased, one a line; - reads stdin' },
    yes: { type: 'boolean', help: 'erase also versions that a restore or a copy back waits for' },
    ...dryRunOption,
    ...targetOptions,
  },
  examples: [
    'sluice erase --unit user_id=u-4711 --dry-run --stage prod',
    'sluice erase --unit-file units.txt --stage prod --json > receipt.json',
  ],
  run,
};

/** Signals that end the run at the next step. */
const STOPS = ['SIGINT', 'SIGTERM'] as const;

/** Erases, until it is done or interrupted. @returns The exit code. */
async function run(line: CommandLine): Promise<number> {
  const dryRun = isDryRun(line);
  if (dryRun && line.values['yes'] === true)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--dry-run and --yes: expected one of them.');
  const texts = await readUnits(line);
  const [{ erase }, { parseUnit }, { eraseText }] = await Promise.all([
    import('../../operate/erase/erase.ts'),
    import('../../lib/erase/units/Unit.ts'),
    import('../observe/eraseText.ts'),
  ]);
  const progress = openProgress(line);
  const stop = new AbortController();
  // The erasure then removes its files, and stops between two steps.
  let exit = INTERRUPTED;
  const interrupt = (signal: NodeJS.Signals) => {
    if (signal === 'SIGTERM') exit = TERMINATED;
    stop.abort();
  };
  for (const signal of STOPS) process.once(signal, interrupt);
  try {
    const attempt = (isSure: boolean) =>
      withDeployment(line, (deployment) =>
        erase(
          { ...deployment, signal: stop.signal },
          {
            units: texts.map((text) => parseUnit(text, deployment.config)),
            dryRun,
            isSure,
            onPlace: (name) => progress.show(`${name} …`),
          },
        ),
      );
    const receipt = await attempt(line.values['yes'] === true).catch(async (error: unknown) => {
      const isPending = error instanceof SluiceError && error.code === 'SLUICE_ERASE_CURE_PENDING';
      if (!isPending || !process.stdin.isTTY) throw error;
      progress.end();
      writeNote(`${error.message}\n`);
      if (!(await confirm('Erase all the same?'))) throw error;
      return attempt(true);
    });
    progress.end();
    writeResult<EraseReceipt>(line, receipt, () => eraseText(receipt));
    return receipt.state === 'again' || receipt.run.leftCount > 0 ? PROBLEMS_FOUND : 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    writeNote('Stopped. The same command goes on.\n');
    return exit;
  } finally {
    progress.end();
    for (const signal of STOPS) process.removeListener(signal, interrupt);
  }
}

/** The text of a file of units; `-` is the standard input. */
function readUnitFile(file: string): Promise<string> {
  return file === '-' ? readAll(process.stdin) : readFile(file, 'utf8');
}

/** The units of the options and of the file, a text each. @throws UsageError if there is none. */
async function readUnits(line: CommandLine): Promise<readonly string[]> {
  const given = line.values['unit'];
  const units = Array.isArray(given) ? given.filter((value) => typeof value === 'string') : [];
  const file = textOption(line, 'unit-file');
  const content = file === undefined ? '' : await readUnitFile(file);
  const all = [...units, ...content.split(/\r?\n/).filter((unit) => unit !== '')];
  if (all.length === 0)
    throw new UsageError('SLUICE_USAGE_OPTIONS', 'Expected --unit with <column>=<value>, or --unit-file.');
  return all;
}
