import { defineErrorFamily } from '../../lib/base/errors.ts';

/** Errors while the functions are bundled, or packaged with the native binding of DuckDB. */
export const BuildError = defineErrorFamily('user', {
  SLUICE_BUILD_FUNCTION_MISSING: {
    cause: 'A function of the deployment has no handler.',
    cure: 'Add functions/<name>/handler.ts, or remove the settings of the function in infra/serverless/service.ts.',
  },
  SLUICE_BUILD_FAILED: {
    cause: 'A function could not be bundled.',
    cure: 'Correct what esbuild names. `npm run check` shows the same and more.',
  },
  SLUICE_BUILD_BINDING_UNPINNED: {
    cause: "The lockfile does not pin DuckDB's binding for Lambda, or not by SHA-512.",
    cure: 'Restore package-lock.json, or install a release of @duckdb/node-api that has it and commit the lockfile.',
  },
  SLUICE_BUILD_BINDING_MISSING: {
    cause:
      "DuckDB's binding for Lambda is not on this machine, and npm could not install the release that the lockfile pins.",
    cure: 'Read what npm says. `EINTEGRITY`: ask the operator of the npm registry. Otherwise package once on a machine that reaches the registry: the binding is then kept in .sluice/bindings/.',
  },
  SLUICE_BUILD_BINDING_WRONG: {
    cause: 'The binding of DuckDB in a package lacks a file, or has one for another processor.',
    cure: 'Delete .sluice/bindings/ and build/, and run `npx serverless package` again.',
  },
  SLUICE_BUILD_TOO_LARGE: {
    cause: 'A function is larger unzipped than Lambda allows.',
    cure: 'Its folder under build/ has what counts: remove what the function does not need, and package again.',
  },
});
