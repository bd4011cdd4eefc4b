import { StatementError } from '../athena/sql/StatementError.ts';
import type { StatementRunner } from '../athena/sql/StatementRunner.ts';

/** Refuses every statement: Athena's other calls answer without an engine. */
export const noRunner: StatementRunner = {
  classify() {
    throw new StatementError('There is no engine here.', { category: 3, type: 100 });
  },
  run: () => Promise.reject(new StatementError('There is no engine here.', { category: 3, type: 100 })),
  close: async () => undefined,
};
