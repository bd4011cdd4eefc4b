const shared = {
  testEnvironment: 'node',
  // Not in the folder for temporary files, which goes with a run: test/run.ts.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/harness/strip-types.cjs' },
  moduleNameMapper: { '^fast-check$': '<rootDir>/test/harness/fast-check.mjs' },
  setupFiles: ['<rootDir>/test/harness/one-realm.mjs'],
  // A project's own `testTimeout` is ignored.
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
  maxWorkers: 2,
  // A worker that holds more is replaced between files: freeing a gigabyte at the end takes longer than jest waits.
  workerIdleMemoryLimit: '700MB',
};
