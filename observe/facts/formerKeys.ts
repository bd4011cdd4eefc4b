import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../infra/template/Stack.ts';
import { earlierLists } from '../../lib/aws/earlierLists.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { AcceptedKey } from '../../lib/schema/AcceptedKey.ts';
import type { Deployment } from '../deployment.ts';
import type { LoggedAnswers } from './flow/logged/loggedAnswers.ts';
import { type KeysState, UNKNOWN_KEY } from './flow/senders.ts';

/** A key that an earlier version of the secret had, and that no list has now. */
export interface FormerKey extends AcceptedKey {
  /** When the list without it was made, ISO 8601; null if that list is older than the one with it, and counts again. */
  readonly until: string | null;
}

/**
 * The keys of refused requests that the secret had before, and that were refused after it lost them. Earlier versions are read only if
 * a key that is in no list was refused, and no more of them than are needed.
 *
 * @throws What Secrets Manager's client throws.
 */
export async function readFormerKeys(
  { aws, stack }: Pick<Deployment, 'aws' | 'stack'>,
  {
    keys,
    refusals,
  }: { readonly keys: KeysState | null; readonly refusals: Pick<LoggedAnswers, 'groups'> | null },
): Promise<readonly FormerKey[]> {
  if (keys === null || keys.fault !== null) return [];
  /** When each key was refused last, by the first digits of its SHA-256, which the log has of an unknown key. */
  const sought = new Map<string, string>();
  for (const { code, key, last } of refusals?.groups ?? []) {
    if (code !== UNKNOWN_KEY || key === null) continue;
    if (keys.senders.some((sha256) => sha256.startsWith(key))) continue;
    const known = sought.get(key);
    if (known === undefined || known < last) sought.set(key, last);
  }
  if (sought.size === 0) return [];
  const client = new SecretsManagerClient(aws);
  const found: FormerKey[] = [];
  try {
    for await (const { keys: listed, replacedAt } of earlierLists(client, partName(stack, 'keys'))) {
      const until = replacedAt === null ? null : isoTimestamp(replacedAt);
      for (const key of listed) {
        const refused = [...sought].find(([first]) => key.sha256.startsWith(first));
        if (refused === undefined) continue;
        const [digits, last] = refused;
        sought.delete(digits);
        if (until === null || last >= until) found.push({ ...key, until });
      }
      if (sought.size === 0) break;
    }
  } finally {
    client.destroy();
  }
  return found;
}
