import { MAX_KEY_LENGTH } from '../limits.ts';

/** How keys begin: Statsig's of clients and servers, and GrowthBook's. */
export type KeyClass = 'client' | 'secret' | 'sdk';

/** Every class of keys. */
export const KEY_CLASSES: readonly KeyClass[] = ['client', 'secret', 'sdk'];

/** Printable ASCII without space. */
const KEY = /^(client|secret|sdk)-[\x21-\x7e]+$/;

/** The text if it has the form of a key of one of these classes; otherwise null. */
export function keyOf(text: string | null | undefined, classes: readonly KeyClass[]): string | null {
  if (text === null || text === undefined || text.length > MAX_KEY_LENGTH) return null;
  const found = KEY.exec(text)?.[1];
  return classes.some((one) => one === found) ? text : null;
}
