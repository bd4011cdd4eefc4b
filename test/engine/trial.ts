import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { projectRoot } from '../../local/roots.ts';
import { type Engine, REGION } from './Engine.ts';

/** How long after one look for the trial's stack the next is. */
const LOOK_MS = 2_000;

/** How `sluice trial` ended. */
interface TrialRun {
  /** Null after a signal that it did not answer. */
  readonly status: number | null;
  /** Its result as JSON. */
  readonly stdout: string;
  /** Its notes. */
  readonly stderr: string;
}

/**
 * Runs `sluice trial` with its Function URL behind the engine's door.
 *
 * @param until Interrupts it once this is in its notes. Default: never.
 */
export async function runTrial(engine: Engine, folder: string, until?: RegExp): Promise<TrialRun> {
  const sluice = join(projectRoot, 'cli', 'sluice.mjs');
  const args = [
    'trial',
    '--region',
    REGION,
    '--endpoint',
    'function-url',
    '--url',
    engine.collector,
    '--yes',
    '--json',
  ];
  const child = engine.start(process.execPath, [sluice, ...args], { cwd: folder });
  let stdout = '';
  let stderr = '';
  let isInterrupted = false;
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (isInterrupted || until?.test(stderr) !== true) return;
    isInterrupted = true;
    child.kill('SIGINT');
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const client = new CloudFormationClient(engine.client());
  for (let isOver = false; !isOver; ) {
    isOver = await Promise.race([ended.then(() => true), setTimeout(LOOK_MS, false)]);
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
    for (const { StackName = '', Outputs = [] } of Stacks) {
      const url = Outputs.find(({ OutputKey }) => OutputKey === 'CollectorUrl')?.OutputValue;
      if (/^sluice-trial-/.test(StackName) && url !== undefined) engine.pointAt(url);
    }
  }
  client.destroy();
  return { status: await ended, stdout, stderr };
}
