import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../local/roots.ts';

/** The line that `sluice start --json` prints. */
interface ReadyLine {
  /** Address of the collector, without a slash at its end. */
  readonly collector: string;
  /** Address of the services of AWS. */
  readonly edge: string;
  /** Address of the console. */
  readonly console: string;
  /** The directory with all that the cloud keeps. */
  readonly data: string;
  /** Name of the bucket of the deployment. */
  readonly bucket: string;
  /** Name of the database of its tables. */
  readonly database: string;
  /** ID of the process. */
  readonly pid: number;
  /** Whether calls that policies do not allow are refused. */
  readonly enforceIam: boolean;
}

/** A local cloud in a process of its own, as a user has it. */
export type CloudProcess = Awaited<ReturnType<typeof startCloudProcess>>;

/** Those that have not ended. */
const running = new Set<ChildProcess>();

/** Kills every cloud that a test has not ended, as one that failed half-way. After each test of suites that start some. */
export async function endCloudProcesses(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }),
  );
}

/** `sluice start` on free ports, with the deployed policies enforced; resolves when it says it is ready. */
export async function startCloudProcess(data: string, args: readonly string[] = []) {
  const child = spawn(
    process.execPath,
    [
      join(projectRoot, 'cli', 'sluice.mjs'),
      'start',
      '--port',
      '0',
      '--edge-port',
      '0',
      '--json',
      '--enforce-iam',
      '--data',
      data,
      ...args,
    ],
    // Jest's `process.env` is a copy, which a child does not inherit by itself.
    { env: process.env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)),
    exited.then(([code]) => Promise.reject(new Error(`ended with ${code}: ${stderr}`))),
  ]);
  const ready: ReadyLine = JSON.parse(line);
  return {
    ...ready,
    child,
    stderr: () => stderr,
    /** Sends a signal and resolves with the exit code; null when the signal ended it. */
    async end(signal: NodeJS.Signals): Promise<number | null> {
      if (child.exitCode === null && child.signalCode === null) process.kill(ready.pid, signal);
      const [code] = await exited;
      return code;
    },
    flush: async (): Promise<unknown> =>
      (await fetch(`${ready.edge}/_sluice/flush`, { method: 'POST' })).json(),
  };
}
