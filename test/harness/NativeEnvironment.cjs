// The environment of suites is the worker's own: NativeRuntime.cjs. Jest sets a console and an exit of its own in `global`,
// which nothing reads.
module.exports = class NativeEnvironment {
  global = {};
  async setup() {}
  async teardown() {}
  exportConditions() {
    return ['node'];
  }
  getVmContext() {
    return null;
  }
};
