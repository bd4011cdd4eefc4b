import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Secret, secretSchema } from './Secret.ts';

const FILE = /^[0-9a-f]{64}\.json$/;

/**
 * Writes a secret to a file of its own, named by a hash since names may hold slashes: beside its place first
 * and renamed into it, so that the file holds the old state or the new one, never a part. Values lie there as
 * they are: nothing on a laptop is secret from the person who runs it.
 */
export function writeSecret(directory: string, secret: Secret): void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${createHash('sha256').update(secret.name).digest('hex')}.json`);
  writeFileSync(`${file}.tmp`, JSON.stringify(secret));
  renameSync(`${file}.tmp`, file);
}

/** Every secret in a directory, by name; a directory that isn't there has none. */
export function readSecrets(directory: string): Map<string, Secret> {
  mkdirSync(directory, { recursive: true });
  const secrets = readdirSync(directory)
    .filter((name) => FILE.test(name))
    .map((name) => secretSchema.parse(JSON.parse(readFileSync(join(directory, name), 'utf8'))));
  return new Map(secrets.map((secret) => [secret.name, secret]));
}
