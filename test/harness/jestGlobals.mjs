// What suites import as `@jest/globals`. Modules beside them are loaded once for all suites, so each call goes to the
// functions of the suite that runs.
import { ModuleMocker } from 'jest-mock';

const suite = globalThis[Symbol.for('sluice.suite')];
const ofSuite = (name) =>
  new Proxy(() => {}, {
    apply: (_target, _self, args) => suite.globals[name](...args),
    get: (_target, member) => suite.globals[name][member],
  });
const afterAll = ofSuite('afterAll');
const afterEach = ofSuite('afterEach');
const beforeAll = ofSuite('beforeAll');
const beforeEach = ofSuite('beforeEach');
const describe = ofSuite('describe');
const it = ofSuite('it');

const mocker = new ModuleMocker(globalThis);
/** What suites call `jest`. */
const jest = {
  spyOn: mocker.spyOn.bind(mocker),
  restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
  resetModules: suite.resetModules,
  retryTimes(times, { logErrorsBeforeRetry }) {
    // As jest-runtime does.
    globalThis[Symbol.for('RETRY_TIMES')] = times;
    globalThis[Symbol.for('LOG_ERRORS_BEFORE_RETRY')] = logErrorsBeforeRetry;
  },
};

export { jestExpect as expect } from '@jest/expect';

suite.restoreAllMocks = jest.restoreAllMocks;

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, jest };
