import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Footprints, upgradeProblems } from './footprint.ts';

/** What was released under a version. */
export interface Release {
  readonly version: string;
  readonly footprints: Footprints;
}

/** The latest of the releases in a directory, `<version>.json` each; one of nothing where there is none. */
export function lastRelease(directory: string): Release {
  const [file] = readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .toSorted((a, b) => (order(a) < order(b) ? 1 : -1));
  if (file === undefined) return { version: '', footprints: {} };
  return {
    version: file.replace('.json', ''),
    footprints: JSON.parse(readFileSync(join(directory, file), 'utf8')),
  };
}

/**
 * Stores what is released as a version. What would break for whoever has the last one is stored only under a later
 * version: overwritten, nothing would tell of it any more.
 *
 * @returns What is wrong with it, and nothing was stored; empty when it was.
 */
export function storeRelease(directory: string, version: string, footprints: Footprints): string[] {
  const last = lastRelease(directory);
  const now: Footprints = JSON.parse(JSON.stringify(footprints));
  if (order(version) < order(last.version)) return [`${version} is earlier than ${last.version}`];
  const problems = upgradeProblems(last.footprints, now);
  if (problems.length > 0 && version === last.version) return problems;
  writeFileSync(join(directory, `${version}.json`), `${JSON.stringify(now, undefined, 2)}\n`);
  return [];
}

/** A version, for comparing: 0.10.0 is later than 0.9.0. */
function order(version: string): string {
  return version
    .replace('.json', '')
    .split('.')
    .map((part) => part.padStart(6, '0'))
    .join('.');
}
