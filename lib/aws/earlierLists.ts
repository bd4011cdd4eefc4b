import {
  GetSecretValueCommand,
  paginateListSecretVersionIds,
  type SecretsManagerClient,
  type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import type { AcceptedKey } from '../schema/AcceptedKey.ts';
import { KeysError, readKey, readKeyring } from '../wire/keys/Keyring.ts';

/** Versions that are read at most. */
const MOST_VERSIONS = 10;

/** A list of keys, as a version of the secret has it. */
export interface KeyList {
  /** Its valid entries. */
  readonly keys: readonly AcceptedKey[];
  /** What is wrong with its other entries, a sentence each, without their values. */
  readonly problems: readonly string[];
  /** Its other entries, as they were parsed: anything that JSON has. */
  readonly broken: readonly unknown[];
}

/** A list that was current before. */
interface EarlierList extends KeyList {
  /** When the next list after it was made, epoch milliseconds; null of a list that is newer than the current one. */
  readonly replacedAt: number | null;
}

/**
 * The lists of keys of earlier versions: the one before the current one first, then the newest, {@link MOST_VERSIONS} at most. Each is
 * read when it is asked for.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
 *
 * @throws What Secrets Manager's client throws.
 */
export async function* earlierLists(
  client: SecretsManagerClient,
  SecretId: string,
): AsyncGenerator<EarlierList> {
  const versions: SecretVersionsListEntry[] = [];
  for await (const page of paginateListSecretVersionIds({ client }, { SecretId, IncludeDeprecated: true }))
    versions.push(...(page.Versions ?? []));
  // A version that is only pending never was current: another change was faster.
  const used = versions.filter(({ VersionStages }) => VersionStages?.join() !== 'AWSPENDING');
  const has = (stage: string, { VersionStages = [] }: SecretVersionsListEntry) =>
    VersionStages.includes(stage);
  const orderOf = (version: SecretVersionsListEntry) =>
    has('AWSPREVIOUS', version) ? Number.POSITIVE_INFINITY : Number(version.CreatedDate);
  const earlier = used.filter((version) => !has('AWSCURRENT', version));
  const sorted = earlier.sort((a, b) => orderOf(b) - orderOf(a)).slice(0, MOST_VERSIONS);
  for (const { VersionId, CreatedDate } of sorted) {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId, VersionId }));
    const list = readList(SecretString);
    const later = used.map((version) => Number(version.CreatedDate)).filter((at) => at > Number(CreatedDate));
    if (list !== null) yield { ...list, replacedAt: later.length === 0 ? null : Math.min(...later) };
  }
}

/** Reads the text of a version; null if it is no list of keys. */
export function readList(text = ''): KeyList | null {
  try {
    const { keys, problems } = readKeyring(text);
    const entries: readonly unknown[] = JSON.parse(text).keys;
    return { keys, problems, broken: entries.filter((entry) => !('label' in readKey(entry))) };
  } catch (error) {
    if (error instanceof KeysError) return null;
    throw error;
  }
}
