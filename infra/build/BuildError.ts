import { defineErrorFamily } from '../../lib/errors/defineErrorFamily.ts';

/** What can go wrong while the functions are bundled. */
export const BuildError = defineErrorFamily('user', {
  SLUICE_BUILD_FUNCTION_MISSING: {
    cause: 'serverless.yml names a function that has no handler.',
    cure: 'Add functions/<name>/handler.ts, or take the function out of serverless.yml.',
  },
  SLUICE_BUILD_FAILED: {
    cause: 'A function could not be bundled.',
    cure: 'Mend what esbuild names; `npm run check` shows the same and more.',
  },
  SLUICE_BUILD_BINDING_UNPINNED: {
    cause: "The lockfile does not pin DuckDB's binding for Lambda, or not by SHA-512.",
    cure: 'Restore package-lock.json, or install a release of @duckdb/node-api that has it and commit the lockfile.',
  },
  SLUICE_BUILD_BINDING_MISSING: {
    cause: "DuckDB's binding for Lambda is not on this machine and could not be fetched by npm.",
    cure: 'Package once where npm reaches its registry; it is kept in .sluice/bindings/ from then on.',
  },
  SLUICE_BUILD_BINDING_WRONG: {
    cause:
      "What was fetched or packaged as DuckDB's binding for Lambda is not what the lockfile pins, or for another processor.",
    cure: 'Delete .sluice/bindings/ and build/ and package again; if it stays, ask who answers for the npm registry.',
  },
  SLUICE_BUILD_TOO_LARGE: {
    cause: 'A function is larger unzipped than Lambda allows.',
    cure: 'Look at what lies in its folder under build/.',
  },
});
