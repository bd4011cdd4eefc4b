import { hash } from 'node:crypto';

/** A key with its hash and how the secret lists it. */
export function testKey(label: string, key = `client-${label}`, more: object = {}) {
  const sha256 = hash('sha256', key);
  return { key, sha256, digest: Buffer.from(sha256, 'hex'), entry: { label, sha256, ...more } };
}

/** The secret's text. */
export const secretOf = (...entries: readonly object[]) => JSON.stringify({ keys: entries });
