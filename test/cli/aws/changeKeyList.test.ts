import { describe, expect, it } from '@jest/globals';
import { changeKeyList } from '../../../cli/aws/changeKeyList.ts';

/** A secret that somebody else changes before so many of its replacements: its text counts the others' changes. */
function contendedSecret(others: number) {
  let version = 0;
  let text = '0';
  return {
    text: () => text,
    async read() {
      return { text, version: String(version), createdAt: undefined };
    },
    async replace(next: string, read: string) {
      if (version < others) {
        version += 1;
        text = String(version);
      }
      if (read !== String(version)) return false;
      text = next;
      return true;
    },
  };
}

describe('a change of the list of keys', () => {
  it.each([0, 1, 4])('is made of the newest text after %i changes of others', async (others) => {
    const secret = contendedSecret(others);
    await changeKeyList(secret, (text) => `${text} and mine`);
    expect(secret.text()).toBe(`${others} and mine`);
  });

  it('is given up if others were faster five times', async () => {
    const secret = contendedSecret(5);
    const changed = changeKeyList(secret, (text) => `${text} and mine`);
    await expect(changed).rejects.toMatchObject({ code: 'SLUICE_KEYS_BUSY' });
    expect(secret.text()).toBe('5');
  });
});
