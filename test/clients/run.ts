// `npm run test:clients`: awswrangler, PyAthena and examples/dbt against the local cloud, and axe-core on every page of
// the console. `npm run test:clients -- axe` runs this one only. Clients that cannot be installed are named and not
// counted. The last line is `N passed, N failed`.
import { join } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { preparePython } from '../harness/python.ts';
import { runClient } from '../harness/runClient.ts';
import { OWOX_BUCKET, openReaders } from './openReaders.ts';
import { tryAxe } from './tryAxe.ts';
import { tryScorecard } from './tryScorecard.ts';

/** The statements take ten seconds. */
const SCRIPT_MS = 300_000;
const closingSchema = z.strictObject({ passed: z.int(), failed: z.int() });

const say = (text: string) => process.stdout.write(`${text}\n`);
const total = { passed: 0, failed: 0 };
const parts = { scorecard: tryScorecard, axe: tryAxe };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => name !== 'python' && !Object.hasOwn(parts, name));
for (const name of unknown) {
  total.failed += 1;
  say(`not ok ${name}\nis none of python, ${Object.keys(parts).join(', ')}`);
}
const isAsked = (name: string) => asked.length === 0 || asked.includes(name);

if (isAsked('python')) {
  const python = preparePython('test/clients', 'awswrangler and PyAthena');
  if ('missing' in python) say(`test:clients is skipped: ${python.missing}.`);
  else await tryClients(python.bin);
}
for (const [name, tryIt] of Object.entries(parts)) {
  if (!isAsked(name)) continue;
  const untried = await tryIt((what, findings) => {
    total[findings === '' ? 'passed' : 'failed'] += 1;
    say(findings === '' ? `ok ${what}` : `not ok ${what}\n${findings}`);
  });
  if (untried !== undefined) say(`${name} is skipped: ${untried}.`);
}
say(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function tryClients(bin: string): Promise<void> {
  const readers = await openReaders();
  try {
    const script = join(repositoryRoot, 'test', 'clients', 'clients.py');
    const { stdout, stderr } = await runClient(join(bin, 'python'), [script], {
      edge: readers.edge,
      results: `s3://${OWOX_BUCKET}/python/`,
      timeoutMs: SCRIPT_MS,
    });
    const lines = stdout.trimEnd().split('\n');
    const closing = closingSchema.safeParse(parsed(lines.pop() ?? ''));
    for (const line of lines) say(line);
    if (closing.success) {
      total.passed += closing.data.passed;
      total.failed += closing.data.failed;
    } else {
      total.failed += 1;
      say(`not ok the script comes to its end\n${stderr.trim()}`);
    }
  } finally {
    await readers.close();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
