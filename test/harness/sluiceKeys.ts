import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { repositoryRoot } from '../../local/dataDirectory.ts';

/** The environment of somebody who has AWS set up for an endpoint. */
export const keysEnvironment = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

/** Runs `sluice keys …` to its end in a process of its own and that environment, with a key on stdin. */
export async function sluiceKeys(
  endpoint: string,
  args: readonly string[],
  stdin = '',
): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'cli', 'sluice.mjs'), 'keys', ...args], {
    env: keysEnvironment(endpoint),
  });
  // A command that doesn't read it may be gone before it is written.
  child.stdin.on('error', () => undefined).end(stdin);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('exit', resolve)),
  ]);
  return { code, stdout, stderr };
}
