export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/packages'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/harness/strip-types.cjs' },
  moduleNameMapper: { '^fast-check$': '<rootDir>/test/harness/fast-check.mjs' },
  setupFiles: ['<rootDir>/test/harness/one-realm.mjs'],
  reporters: ['default', '<rootDir>/test/harness/closing-line.cjs'],
  testTimeout: 120_000,
  maxWorkers: 2,
  // A worker that holds more is replaced between files: freeing a gigabyte at the end takes longer than jest waits.
  workerIdleMemoryLimit: '700MB',
};
