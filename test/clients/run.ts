// `npm run test:clients`: awswrangler, PyAthena and examples/dbt against the local cloud, and axe-core on every page of
// the console. `npm run test:clients -- axe` runs this one only. A client that can't be installed is named; with
// `--require` it fails the run. The last line is `N passed, N failed, N not asked`.
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { preparePython } from '../harness/python.ts';
import { runClient } from '../harness/runClient.ts';
import { Tally } from '../harness/Tally.ts';
import { OWOX_BUCKET, openReaders } from './openReaders.ts';
import { tryAxe } from './tryAxe.ts';
import { tryScorecard } from './tryScorecard.ts';

/** The statements take ten seconds. */
const SCRIPT_MS = 300_000;

const tally = new Tally();
const parts = { scorecard: tryScorecard, axe: tryAxe };
const asked = process.argv.slice(2).filter((name) => name !== '--require');
const unknown = asked.filter((name) => name !== 'python' && !Object.hasOwn(parts, name));
for (const name of unknown) tally.tell(name, false, `is none of python, ${Object.keys(parts).join(', ')}`);
const isAsked = (name: string) => asked.length === 0 || asked.includes(name);

if (isAsked('python')) {
  const python = preparePython('test/clients', 'awswrangler and PyAthena');
  if ('missing' in python) tally.leaveOut(['awswrangler', 'PyAthena'], python.missing);
  else await tally.ask('python', () => tryClients(python.bin));
}
for (const [name, tryIt] of Object.entries(parts)) {
  if (!isAsked(name)) continue;
  await tally.ask(name, async () => {
    const untried = await tryIt((what, findings) => tally.tell(what, findings === '', findings));
    if (untried !== undefined) tally.leaveOut([name], untried);
  });
}
tally.close();

async function tryClients(bin: string): Promise<void> {
  const readers = await openReaders();
  try {
    const script = join(repositoryRoot, 'test', 'clients', 'clients.py');
    const given = { edge: readers.edge, results: `s3://${OWOX_BUCKET}/python/`, timeoutMs: SCRIPT_MS };
    tally.addScript(await runClient(join(bin, 'python'), [script], given));
  } finally {
    await readers.close();
  }
}
