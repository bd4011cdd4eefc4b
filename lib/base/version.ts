import sluice from '#package' with { type: 'json' };

/**
 * The version of Sluice, e.g. `0.3.0`: `version` of cli/package.json. In a bundle it is a constant
 * (infra/build/bundleFunctions.ts).
 */
export const VERSION: string = sluice.version;

/** The npm package. `sluice` on npm is a package of somebody else. */
export const PACKAGE_NAME = '@sluice-pipeline/sluice';
