// What tests import as `fast-check` (jest.config.js): its properties draw the same cases in every run, so that what one
// run finds the next finds, too. `SLUICE_SEED=2 npm test` draws others.
import fc from '../../node_modules/fast-check/lib/fast-check.js';

// Stryker (`npm run mutate`) asks only whether a property fails, not for the smallest case.
const endOnFailure = process.env.STRYKER_MUTATOR_WORKER !== undefined;
fc.configureGlobal({ seed: Number(process.env.SLUICE_SEED ?? 1), endOnFailure });

export * from '../../node_modules/fast-check/lib/fast-check.js';
export default fc;
