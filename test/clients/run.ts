// `npm run test:clients`: awswrangler and PyAthena against the local cloud, and axe-core on every page of the console.
// What cannot be installed is named and counts nothing. The last line is `N passed, N failed`.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { localAccount } from '../../local/localAccount.ts';
import { preparePython } from '../harness/python.ts';
import { OWOX_BUCKET, openReaders } from './openReaders.ts';
import { tryAxe } from './tryAxe.ts';

/** The statements take ten seconds. */
const SCRIPT_MS = 300_000;
const closingSchema = z.strictObject({ passed: z.int(), failed: z.int() });

const say = (text: string) => process.stdout.write(`${text}\n`);
const total = { passed: 0, failed: 0 };
const python = preparePython('test/clients', 'awswrangler and PyAthena');
if ('missing' in python) say(`test:clients is skipped: ${python.missing}.`);
else await tryClients(python.bin);
const untried = await tryAxe((what, findings) => {
  total[findings === '' ? 'passed' : 'failed'] += 1;
  say(findings === '' ? `ok ${what}` : `not ok ${what}\n${findings}`);
});
if (untried !== undefined) say(`axe is skipped: ${untried}.`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function tryClients(bin: string): Promise<void> {
  const readers = await openReaders();
  try {
    const { stdout, stderr } = await runScript(join(bin, 'python'), readers.edge);
    const lines = stdout.trimEnd().split('\n');
    const closing = closingSchema.safeParse(parsed(lines.pop() ?? ''));
    for (const line of lines) say(line);
    if (closing.success) Object.assign(total, closing.data);
    else {
      total.failed = 1;
      say(`not ok the script comes to its end\n${stderr.trim()}`);
    }
  } finally {
    await readers.close();
  }
}

/** Runs clients.py, its clients set up by environment variables as a user's are, while this process answers them. */
function runScript(command: string, edge: string): Promise<{ stdout: string; stderr: string }> {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = {
    ...Object.fromEntries(others),
    AWS_ENDPOINT_URL: edge,
    AWS_ACCESS_KEY_ID: localAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localAccount.secretAccessKey,
    AWS_DEFAULT_REGION: localAccount.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    RESULTS: `s3://${OWOX_BUCKET}/python/`,
  };
  const script = join(repositoryRoot, 'test', 'clients', 'clients.py');
  return new Promise((resolve) => {
    execFile(command, [script], { env, timeout: SCRIPT_MS, killSignal: 'SIGKILL' }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
