// What suites get of `@jest/globals` in SuiteRunner.ts.
import { ModuleMocker } from 'jest-mock';

export { jestExpect as expect } from '@jest/expect';
export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from 'jest-circus';
/** What suites call `jest`. */
export const jest = new ModuleMocker(globalThis);
