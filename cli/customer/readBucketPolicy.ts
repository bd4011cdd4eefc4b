import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { parseJson } from '../../lib/json/parseJson.ts';
import { CustomerError } from './CustomerError.ts';

const policy = z.looseObject({ Statement: z.array(z.unknown()) });
/** What `sluice policy print --json` prints has it beside what others apply. */
const printed = z.looseObject({ bucketPolicy: policy });

/**
 * Reads a bucket policy.
 *
 * @param from A path; `-` for stdin.
 * @returns its JSON.
 * @throws CustomerError SLUICE_CUSTOMER_FILE_UNREADABLE, SLUICE_CUSTOMER_POLICY_INVALID.
 */
export async function readBucketPolicy(from: string): Promise<string> {
  const json = parseJson(from === '-' ? await text(process.stdin) : await fileText(from));
  const among = printed.safeParse(json);
  const alone = policy.safeParse(among.success ? among.data.bucketPolicy : json);
  if (!alone.success) throw new CustomerError('SLUICE_CUSTOMER_POLICY_INVALID', `${from}.`);
  return JSON.stringify(alone.data);
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? `: ${error.code}` : '';
    throw new CustomerError('SLUICE_CUSTOMER_FILE_UNREADABLE', `${path}${code}.`, { cause: error });
  }
}
