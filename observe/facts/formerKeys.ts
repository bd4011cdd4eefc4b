import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { partName } from '../../infra/template/Stack.ts';
import { earlierLists } from '../../lib/aws/earlierLists.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { AcceptedKey } from '../../lib/schema/AcceptedKey.ts';
import type { Deployment } from '../deployment.ts';
import { unreadKind } from '../explainAwsError.ts';
import type { LoggedAnswers } from './flow/logged/loggedAnswers.ts';
import { type KeysState, UNKNOWN_KEY } from './flow/senders.ts';

/** A key that an earlier version of the secret had, and that no list has now. */
export interface FormerKey extends AcceptedKey {
  /** When the list without it was made, ISO 8601; null if that list is older than the one with it, and counts again. */
  readonly until: string | null;
}

/**
 * The keys of refused requests that the secret had before. Earlier versions are read only if a key that is in no list was refused
 * since the list was changed, and no more of them than are needed.
 *
 * @returns Empty also if whoever looks may not read earlier versions: no other part of a look needs them.
 * @throws What Secrets Manager's client throws, but for a denial.
 */
export async function readFormerKeys(
  { aws, stack }: Pick<Deployment, 'aws' | 'stack'>,
  {
    keys,
    refusals,
  }: { readonly keys: KeysState | null; readonly refusals: Pick<LoggedAnswers, 'groups'> | null },
): Promise<readonly FormerKey[]> {
  const changedAt = keys?.changedAt ?? null;
  if (keys === null || keys.fault !== null || changedAt === null) return [];
  const refused =
    refusals?.groups.filter(({ code, last }) => code === UNKNOWN_KEY && last >= changedAt) ?? [];
  const all = refused.flatMap(({ key }) => key ?? []);
  // The log has the first digits of an unknown key.
  const sought = new Set(all.filter((digits) => keys.senders.every((sha256) => !sha256.startsWith(digits))));
  if (sought.size === 0) return [];
  const client = new SecretsManagerClient(aws);
  const found: FormerKey[] = [];
  try {
    for await (const { keys: listed, replacedAt } of earlierLists(client, partName(stack, 'keys'))) {
      const until = replacedAt === null ? null : isoTimestamp(replacedAt);
      for (const key of listed) {
        const digits = [...sought].find((first) => key.sha256.startsWith(first));
        if (digits === undefined) continue;
        sought.delete(digits);
        found.push({ ...key, until });
      }
      if (sought.size === 0) break;
    }
  } catch (error) {
    if (unreadKind(error) !== 'denied') throw error;
  } finally {
    client.destroy();
  }
  return found;
}
