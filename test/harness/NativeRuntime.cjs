// How suites are loaded: as Node loads modules, types stripped in place, lines unmoved, in the one realm that there is in
// production. Jest's own runtime loads each module anew for each suite, in a realm of the suite's: that took half of the
// processors' time. jest-runner and jest-circus call what is here; `runtime` in jest.config.js names the file.
const { readFileSync } = require('node:fs');
const { registerHooks } = require('node:module');
const { pathToFileURL } = require('node:url');

// Jest sets it for its workers if it runs in a terminal itself. The output of commands in tests has no colours.
delete process.env.FORCE_COLOR;

/** Modules that suites get instead of those that they name. */
const INSTEAD = {
  '@jest/globals': pathToFileURL(`${__dirname}/jestGlobals.mjs`).href,
  'fast-check': pathToFileURL(`${__dirname}/fast-check.mjs`).href,
};
/**
 * Functions read their environment once, and so do the clients of AWS that they share: suites that give them one have modules of
 * their own.
 */
const ENVIRONMENT = 'AWS_ENDPOINT_URL';
/** Modules that all suites share even so: time-limit.mjs reads what waits. */
const SHARED = /\/node_modules\/|\/test\/harness\/waiting\.ts$/;
/** The number of the current instance of those modules. */
let instance = 0;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier in INSTEAD) return { url: INSTEAD[specifier], shortCircuit: true };
    const resolved = next(specifier, context);
    const parent = /\?instance=\d+$/.exec(context.parentURL ?? '');
    if (parent === null || !/^file:.*\.ts$/.test(resolved.url) || SHARED.test(resolved.url)) return resolved;
    const isSuite = /\.test\.ts\?/.test(context.parentURL);
    return { ...resolved, url: resolved.url + (isSuite ? `?instance=${instance}` : parent[0]) };
  },
});
/** What suites import as `@jest/globals`: jestGlobals.mjs. */
const suite = { globals: undefined, resetModules: () => void instance++ };
globalThis[Symbol.for('sluice.suite')] = suite;

module.exports = class NativeRuntime {
  #environment = { ...process.env };

  /** jest-circus keeps the tests of a suite in its modules: each suite has new ones. */
  requireInternalModule(path) {
    delete require.cache[path];
    return require(path);
  }
  requireModule(path) {
    return require(path);
  }
  setGlobalsForRuntime(globals) {
    suite.globals = globals;
  }
  unstable_shouldLoadAsEsm() {
    return true;
  }
  unstable_importModule(path) {
    const { href } = pathToFileURL(path);
    instance += 1;
    if (readFileSync(path, 'utf8').includes(ENVIRONMENT)) return import(`${href}?instance=${instance}`);
    // What is set up for each suite runs for each suite. A suite runs once.
    return import(path.endsWith('.test.ts') ? href : `${href}?suite=${instance}`);
  }
  getSourceMaps() {
    return new Map();
  }
  getAllCoverageInfoCopy() {
    return {};
  }
  enterTestCode() {}
  leaveTestCode() {}
  /** Takes away what the suite has left for the next one. */
  teardown() {
    suite.restoreAllMocks?.();
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, this.#environment);
    // What jest-circus keeps of the suite, and what jestGlobals.mjs has set for it.
    for (const symbol of Object.getOwnPropertySymbols(globalThis))
      if (
        /^(JEST_STATE_SYMBOL|EVENT_HANDLERS|RETRY_TIMES|LOG_ERRORS_BEFORE_RETRY)$/.test(
          symbol.description ?? '',
        )
      )
        delete globalThis[symbol];
  }
};
