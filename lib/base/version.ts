import sluice from '#package' with { type: 'json' };

/**
 * The version of Sluice, e.g. `0.3.0`: `version` of cli/package.json. In a bundle it is a constant
 * (infra/build/bundleFunctions.ts).
 */
export const VERSION: string = sluice.version;

/**
 * Compares two versions by the precedence of semantic versioning (https://semver.org/#spec-item-11): negative if the first
 * is lower, 0 if they are equal but for build metadata.
 */
export function compareVersions(one: string, other: string): number {
  const [numbers, release] = partsOf(one);
  const [otherNumbers, otherRelease] = partsOf(other);
  for (const [i, number] of numbers.entries()) {
    const order = number - (otherNumbers[i] ?? 0);
    if (order !== 0) return order;
  }
  // A version with a pre-release is lower than the same one without.
  if (release === undefined || otherRelease === undefined)
    return Number(otherRelease !== undefined) - Number(release !== undefined);
  return comparePreReleases(release.split('.'), otherRelease.split('.'));
}

function partsOf(version: string): readonly [numbers: readonly number[], preRelease: string | undefined] {
  const [, core = '', preRelease] = /^v?([\d.]+)(?:-([^+]+))?/.exec(version) ?? [];
  return [core.split('.').map(Number), preRelease];
}

function comparePreReleases(one: readonly string[], other: readonly string[]): number {
  for (const [i, word] of one.entries()) {
    const another = other[i];
    if (another === undefined) return 1;
    if (word === another) continue;
    const [left, right] = [word, another].map((text) => (/^\d+$/.test(text) ? Number(text) : undefined));
    if (left !== undefined && right !== undefined) return left - right;
    // Numbers are lower than words.
    if (left !== undefined || right !== undefined) return left === undefined ? 1 : -1;
    return word < another ? -1 : 1;
  }
  return one.length - other.length;
}

/** The npm package. `sluice` on npm is a package of somebody else. */
export const PACKAGE_NAME = '@sluice-pipeline/sluice';
