// `npm run soak`: sends events to the local cloud under faults that are drawn at random, and counts what became of each.
import { Console } from 'node:console';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { sluiceFolder } from '../lib/config/sluiceFolder.ts';
import { projectRoot } from '../local/roots.ts';
import { countEvents } from './count.ts';
import { Ledger, LedgerError } from './Ledger.ts';
import { findProblems } from './problems.ts';
import { runSoak } from './runSoak.ts';

/** The text of `--help`. */
const USAGE = `npm run soak -- [--events N] [--seed N] [--directory DIR] [--json]

Sends events to a local cloud of its own, in windows with faults that are drawn by the seed, waits until everything is
delivered, and counts what became of each event. A run that was stopped or killed goes on when it is called again; one
that is finished is counted again. The folder of another run is refused.

  --events N       how many events (default: 100,000)
  --seed N         draws windows, requests and faults (default: 1)
  --directory DIR  folder of the run (default: .sluice/soak/<events>-<seed>)
  --json           prints one JSON object on stdout

Exit codes: 0 nothing is lost and every fault struck, 1 failed, 2 wrong use, 3 events are lost, not readable or elsewhere than
they belong, or something was not tested.
`;

const given = readOptions();
if (given === undefined) process.exitCode = 2;
else process.exitCode = await soak(given);

/** The options of the command line. */
interface Options {
  /** How many events are sent in all. */
  readonly events: number;
  /** Draws the faults and the events. */
  readonly seed: number;
  /** Folder of the local cloud, and of how far the run is. */
  readonly directory: string;
  /** Whether the report is JSON. */
  readonly json: boolean;
}

/** Runs the test and counts its events. @returns The exit code. */
async function soak({ json, ...options }: Options): Promise<number> {
  const note = (sentence: string) => void process.stderr.write(`${sentence}\n`);
  try {
    await runSoak({ ...options, say: note });
    const ledger = new Ledger(options.directory);
    const counted = await countEvents(options.directory, ledger);
    const problems = findProblems(counted, ledger);
    const report = { problems, ...counted.total };
    if (!json) new Console(process.stdout).table(counted.kinds);
    process.stdout.write(`${JSON.stringify(json ? { kinds: counted.kinds, ...report } : report)}\n`);
    const states = Object.groupBy(counted.hours, ({ state }) => state);
    const judged = Object.entries(states).map(([state, alike = []]) => `${alike.length} ${state}`);
    note(`received_hours: ${judged.join(', ')}.`);
    for (const problem of problems) note(problem);
    return problems.length > 0 ? 3 : 0;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    note(error.message);
    return 2;
  }
}

/** The options of the command line; undefined after saying what is wrong. `--help` ends the process. */
function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        events: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        directory: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const events = wholeNumber('events', values.events);
    const seed = wholeNumber('seed', values.seed);
    // It would be the current folder.
    if (values.directory === '') throw new Error('--directory must not be empty.');
    return {
      events,
      seed,
      directory: resolve(values.directory ?? sluiceFolder(projectRoot, 'soak', `${events}-${seed}`)),
      json: values.json,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

/** The number of an option. @throws Error for anything else. */
function wholeNumber(name: string, text: string): number {
  const value = Number(text.replaceAll(/[_,]/g, ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0.`);
  return value;
}
