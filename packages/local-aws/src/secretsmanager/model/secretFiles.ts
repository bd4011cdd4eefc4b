import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from '../../disk/readJsonFile.ts';
import { replaceFile } from '../../disk/replaceFile.ts';
import { type Secret, secretSchema } from './Secret.ts';

const FILE = /^[0-9a-f]{64}\.json$/;

/**
 * Writes a secret to a file of its own, named by a hash since names may hold slashes. Values lie there as they are:
 * nothing on a laptop is secret from the person who runs it.
 */
export function writeSecret(directory: string, secret: Secret): void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${createHash('sha256').update(secret.name).digest('hex')}.json`);
  replaceFile(file, JSON.stringify(secret));
}

/** Every secret in a directory, by name; a directory that isn't there has none. @throws DiskError SLUICE_DISK_DAMAGED */
export function readSecrets(directory: string): Map<string, Secret> {
  mkdirSync(directory, { recursive: true });
  const secrets = readdirSync(directory)
    .filter((name) => FILE.test(name))
    .map((name) => readJsonFile(join(directory, name), secretSchema))
    .filter((secret) => secret !== undefined);
  return new Map(secrets.map((secret) => [secret.name, secret]));
}
