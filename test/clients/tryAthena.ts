import { join } from 'node:path';
import { z } from 'zod';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { parseJson } from '../../lib/base/json.ts';
import { projectRoot } from '../../local/roots.ts';
import { preparePython } from '../harness/python.ts';
import { runClient } from '../harness/runClient.ts';
import { openReaders, PRINCIPALS } from './openReaders.ts';

const CHECKS_MS = 300_000;
const checksSchema = z.array(z.object({ what: z.string(), failure: z.string() })).min(1);

/**
 * Asks the local cloud as the clients of docs/readers.md do, by the enforced policy of a reader: athena/clients.py.
 *
 * @param tell Receives each check and what failed; empty if nothing did.
 * @returns Why nothing was tried; undefined if it was.
 */
export async function tryAthena(tell: (what: string, failure: string) => void): Promise<string | undefined> {
  const python = preparePython('test/clients/athena', 'PyAthena and awswrangler');
  if ('missing' in python) return python.missing;
  const readers = await openReaders();
  try {
    const { workgroup } = readerWorkgroup(readers.config.athena, { name: 'metabase' });
    const credentials = await readers.credentialsOf(PRINCIPALS.metabase);
    const script = join(projectRoot, 'test', 'clients', 'athena', 'clients.py');
    const { stdout, stderr } = await runClient(join(python.bin, 'python'), [script, workgroup], {
      edge: readers.edge,
      timeoutMs: CHECKS_MS,
      more: {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    });
    const lines = stdout.trim().split('\n');
    const told = checksSchema.safeParse(lines.map(parseJson));
    tell('the clients of Athena were asked', told.success ? '' : stderr);
    for (const { what, failure } of told.data ?? []) tell(what, failure);
  } finally {
    await readers.close();
  }
  return undefined;
}
