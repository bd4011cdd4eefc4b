import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data: directory.path });
}, 120_000);
afterAll(async () => {
  await cloud.close();
  directory.remove();
});

/** Athena's operations that were called, by the local cloud's own record. */
async function called(operation: string): Promise<boolean> {
  const answer = await fetch(`${cloud.edge}/_sluice/calls`);
  const { calls }: { calls: { operation: string }[] } = JSON.parse(await answer.text());
  return calls.some((call) => call.operation === operation);
}

it('sluice query stops its query in Athena at Ctrl-C', async () => {
  // Far more rows than can be counted while this test runs.
  const many = ['a', 'b', 'c']
    .map((name) => `UNNEST(sequence(1, 10000)) AS ${name} (n)`)
    .join(' CROSS JOIN ');
  const sql = `SELECT count(*) FROM ${many} WHERE a.n + b.n * c.n = 17`;
  const command = spawn(
    process.execPath,
    [join(repositoryRoot, 'cli', 'sluice.mjs'), 'query', sql, '--athena', '--data', directory.path],
    { env: process.env, stdio: ['ignore', 'inherit', 'pipe'] },
  );
  let stderr = '';
  command.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = once(command, 'exit');
  while (!(await called('StartQueryExecution'))) await setTimeout(20);
  command.kill('SIGINT');
  expect(await exited).toEqual([130, null]);
  expect(stderr).toContain('Interrupted');
  expect(await called('StopQueryExecution')).toBe(true);
}, 120_000);
