import { RestoreSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { earlierLists, type KeyList, readList } from '../../lib/aws/earlierLists.ts';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import { isJsonObject } from '../../lib/base/json.ts';
import type { AcceptedKey } from '../../lib/schema/AcceptedKey.ts';
import { KeyListError } from '../../lib/wire/keys/editKeys.ts';
import { isNamed } from '../../observe/ifThere.ts';

/** The keys of a restored secret. */
interface RestoredKeys {
  /** Keys of the list that stay. */
  readonly kept: readonly AcceptedKey[];
  /** Whether the secret is scheduled for deletion and a dry run could not see its keys, all of which come back. */
  readonly isHidden: boolean;
  /** Keys of earlier versions that come back. */
  readonly back: readonly AcceptedKey[];
  /** What is not valid, without its values. */
  readonly problems: readonly string[];
}

/**
 * Restores the keys' secret: takes its deletion back, then keeps the valid entries of its list. If there are none, it takes those of
 * the version before, else of the newest that has some. For an entry that is not valid comes back what the next list before has under
 * its label or SHA-256; without that it is dropped. Nothing else comes back: somebody may have removed it because it leaked.
 *
 * @param dryRun Only says what would be done. A secret that is to be deleted cannot be read then.
 * @throws KeyListError `SLUICE_KEYS_UNREADABLE` if no version is valid, `SLUICE_KEYS_BUSY`; what Secrets Manager's client throws.
 */
export async function restoreKeys(
  client: SecretsManagerClient,
  SecretId: string,
  dryRun: boolean,
): Promise<RestoredKeys> {
  const secret = versionedSecret(client, SecretId);
  const current = await secret.read().catch(async (error: unknown) => {
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
    if (!isNamed(error, /^InvalidRequestException$/)) throw error;
    if (dryRun) return null;
    await client.send(new RestoreSecretCommand({ SecretId }));
    return secret.read();
  });
  if (current === null) return { isHidden: true, kept: [], back: [], problems: [] };
  const list = readList(current.text);
  const { keys, problems } = await mendedList(list, earlierLists(client, SecretId));
  const kept = list?.keys.length ?? 0;
  const isSame = list?.problems.length === 0 && keys.length === kept;
  if (!isSame && !dryRun && !(await secret.replace(JSON.stringify({ keys }), current.version)))
    throw new KeyListError('SLUICE_KEYS_BUSY');
  return { isHidden: false, kept: keys.slice(0, kept), back: keys.slice(kept), problems };
}

/**
 * The keys of the secret's own list with those that come back, and the problems of the list that they are of.
 *
 * @param list The secret's own list; null if the text of the secret is no list.
 * @param earlier The lists of earlier versions, in the order in which they count. No more of them are read than are needed.
 * @throws KeyListError `SLUICE_KEYS_UNREADABLE` without a key, unless one of the lists is valid: then it is meant to be empty.
 */
async function mendedList(
  list: KeyList | null,
  earlier: AsyncIterable<KeyList>,
): Promise<Pick<KeyList, 'keys' | 'problems'>> {
  let mended = list;
  let hasValid = list?.problems.length === 0;
  if (hasValid && mended !== null && mended.keys.length > 0) return mended;
  for await (const before of earlier) {
    const isValid = before.problems.length === 0;
    hasValid ||= isValid;
    if (mended === null || mended.keys.length === 0) mended = before;
    else {
      const { keys, problems, broken } = mended;
      const back = before.keys.filter((key) => isMeant(key, keys, broken));
      if (back.length > 0) return { keys: [...keys, ...back], problems };
    }
    // What a valid list does not have was removed before it.
    if (isValid && mended.keys.length > 0) break;
  }
  if (mended !== null && (mended.keys.length > 0 || hasValid)) return mended;
  throw new KeyListError('SLUICE_KEYS_UNREADABLE', 'No earlier version is valid.');
}

/**
 * Whether a key stands for an entry that is not valid, which has its label or its SHA-256.
 *
 * @param known The keys that are there already: none of them comes twice.
 * @param broken The entries that are not valid.
 */
function isMeant(
  { label, sha256 }: AcceptedKey,
  known: readonly AcceptedKey[],
  broken: readonly unknown[],
): boolean {
  if (known.some((key) => key.sha256 === sha256)) return false;
  return broken.some(
    (entry) => isJsonObject(entry) && (entry['label'] === label || entry['sha256'] === sha256),
  );
}
