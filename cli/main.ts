import type { ErrorObject } from '../lib/base/errors.ts';
import { didYouMean, visibleJson } from '../lib/base/text.ts';
import { VERSION } from '../lib/base/version.ts';
import { useNetwork } from './aws/network.ts';
import { check } from './commands/check.ts';
import { connect } from './commands/connect.ts';
import { consoleCommand } from './commands/console.ts';
import { curate } from './commands/curate.ts';
import { doctor } from './commands/doctor.ts';
import { eraseCommand } from './commands/erase.ts';
import { explain } from './commands/explain.ts';
import { exporting } from './commands/export.ts';
import { groups } from './commands/groups.ts';
import { ingest } from './commands/ingest.ts';
import { init } from './commands/init.ts';
import { keys } from './commands/keys.ts';
import { policy } from './commands/policy.ts';
import { quarantine } from './commands/quarantine.ts';
import { query } from './commands/query.ts';
import { reconcile } from './commands/reconcile.ts';
import { redrive } from './commands/redrive.ts';
import { relay } from './commands/relay.ts';
import { restore } from './commands/restore.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { tables } from './commands/tables.ts';
import { tail } from './commands/tail.ts';
import { test } from './commands/test.ts';
import { trace } from './commands/trace.ts';
import { trial } from './commands/trial.ts';
import {
  assertNoArguments,
  type Command,
  markChanges,
  readCommandLine,
  UsageError,
} from './terminal/commandLine.ts';
import { commandError, errorText } from './terminal/errors.ts';
import { commandHelp, overview } from './terminal/help.ts';
import { writeJson, writeNote, writeOut } from './terminal/output.ts';

/** All commands, in the order of `sluice --help`. */
export const commands: readonly Command[] = [
  init,
  start,
  test,
  consoleCommand,
  query,
  keys,
  quarantine,
  redrive,
  groups,
  ingest,
  exporting,
  curate,
  relay,
  restore,
  eraseCommand,
  policy,
  connect,
  doctor,
  status,
  explain,
  reconcile,
  tail,
  trace,
  tables,
  trial,
  check,
];

/** What a command prints that fails. */
interface FailedAnswer {
  /** The error. */
  readonly error: ErrorObject;
}

/**
 * Runs one command line. Data goes to stdout, notes go to stderr. With `--json`, an error is also an object on stdout,
 * `{"error":{"code","message","cause","cure"}}`; `start` writes it to stderr.
 *
 * @returns the exit code: 0 success, 1 failure, 2 wrong use, 3 problems found, 130 interrupted, 143 an erasure stopped by SIGTERM.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  let command: Command | undefined;
  try {
    if (name === undefined || ['help', '--help', '-h'].includes(name)) {
      writeOut(overview(commands), 'help');
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      writeOut(`${VERSION}\n`);
      return 0;
    }
    command = findCommand(name);
    if (asksForHelp(rest)) {
      writeOut(commandHelp(command), 'help');
      return 0;
    }
    const line = readCommandLine(command, rest);
    const { takes, actions, options } = command;
    if (takes === undefined && actions === undefined) assertNoArguments(line.positionals);
    useNetwork(process.env);
    const hasDryRun = actions === undefined && 'dry-run' in options;
    return await command.run(markChanges(line, command.changes, hasDryRun));
  } catch (error) {
    const failed = command && { name: command.name, target: await targetOf(command, rest) };
    const object = { error: commandError(error, failed) };
    if (argv.includes('--json') && command?.jsonErrorsOn === 'stderr') writeNote(`${visibleJson(object)}\n`);
    else {
      if (argv.includes('--json')) writeJson<FailedAnswer>(object);
      writeNote(errorText(error, failed), 'error');
    }
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Options that name the deployment of a failed command; none if it has none, or they are what is wrong. */
async function targetOf(command: Command, argv: readonly string[]): Promise<readonly string[]> {
  if (command.options['local'] === undefined) return [];
  try {
    const { commandOptions } = await import('./aws/target.ts');
    return commandOptions(readCommandLine(command, argv));
  } catch {
    return [];
  }
}

/** Whether `--help` stands before `--`, behind which are arguments. */
function asksForHelp(rest: readonly string[]): boolean {
  const end = rest.indexOf('--');
  const options = end < 0 ? rest : rest.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

/** The command of a name. @throws UsageError SLUICE_USAGE_UNKNOWN_COMMAND; SLUICE_USAGE_OPTIONS for an option. */
function findCommand(name: string): Command {
  const command = commands.find((known) => known.name === name);
  if (command !== undefined) return command;
  if (name.startsWith('-'))
    throw new UsageError('SLUICE_USAGE_OPTIONS', `${name}: expected a command first, then its options.`);
  const names = commands.map((known) => known.name);
  throw new UsageError('SLUICE_USAGE_UNKNOWN_COMMAND', `${JSON.stringify(name)}.${didYouMean(name, names)}`);
}
