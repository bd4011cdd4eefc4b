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
});
