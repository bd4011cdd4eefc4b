import { KeyListError, type KeysSecret } from '../../lib/wire/keys/editKeys.ts';

/** Attempts to change a secret that others change at the same time: one of any two attempts succeeds. */
const ATTEMPTS = 5;

/**
 * Applies a change to the text of the keys' secret, and repeats it on a newer text after a conflict.
 *
 * @param edit Makes the new text of the present one.
 * @throws KeyListError `SLUICE_KEYS_BUSY`; what `edit` and the client of Secrets Manager throw.
 */
export async function changeKeyList(
  secret: Pick<KeysSecret, 'read' | 'replace'>,
  edit: (text: string) => string,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { text, version } = await secret.read();
    if (await secret.replace(edit(text), version)) return;
  }
  throw new KeyListError('SLUICE_KEYS_BUSY');
}
