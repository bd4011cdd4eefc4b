import { type SpawnSyncReturns, spawnSync } from 'node:child_process';

/**
 * Milliseconds after which a command that a test runs synchronously is killed: jest's limit, which is longer, cannot end it. Its status
 * is null then.
 */
export const COMMAND_MS = 200_000;

/**
 * Runs a command to its end, without anything of AWS in its environment. After its time it is killed: its status is null then, and it has
 * an error. So it is with more than 64 MiB of output.
 *
 * @param timeoutMs Its time, milliseconds.
 * @param variables Variables of its environment beside those of this process.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  variables: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> {
  const env = Object.entries({ ...process.env, ...variables }).filter(([name]) => !name.startsWith('AWS_'));
  return spawnSync(command, args, {
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
    env: Object.fromEntries(env),
  });
}
