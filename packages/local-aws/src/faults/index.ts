// Failures on demand.
export { Faults } from './Faults.ts';
export type { FaultsInput } from './faultsSchema.ts';
