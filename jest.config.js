const shared = {
  runtime: '<rootDir>/test/harness/NativeRuntime.cjs',
  testEnvironment: '<rootDir>/test/harness/NativeEnvironment.cjs',
  // Not in the folder for temporary files, which goes with a run: test/run.ts.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  setupFilesAfterEnv: ['<rootDir>/test/harness/time-limit.mjs'],
};
const tier = (displayName, name) => ({
  ...shared,
  displayName,
  roots: ['<rootDir>/test'],
  testRegex: [`/[^/.]+${name}\\.test\\.ts$`],
});

export default {
  projects: [
    tier('unit', ''),
    tier('contract', '\\.contract'),
    tier('story', '\\.story'),
    tier('proof', '\\.proof'),
    { ...shared, displayName: 'emulator', roots: ['<rootDir>/packages'], testRegex: ['\\.test\\.ts$'] },
  ],
  testSequencer: '<rootDir>/test/harness/sequencer.cjs',
  reporters: ['default', '<rootDir>/test/harness/closing-line.cjs'],
  // For a test that hangs: a slow machine is no fault of the product. A project's own limit is ignored.
  testTimeout: 240_000,
  // Two cores, and a third suite that runs while a story waits for its cloud: a fifth of the time.
  maxWorkers: 3,
  // A worker that holds more is replaced between files: freeing a gigabyte at the end takes longer than jest waits. On a
  // busy machine half of it may, too: then jest says that a worker has failed to exit gracefully, though it has nothing open.
  workerIdleMemoryLimit: '700MB',
};
