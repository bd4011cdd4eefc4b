import { defineErrorFamily } from '../base/errors.ts';

/** Why a night could not judge all hours. What it could judge, it has kept. */
export const ReconcileError = defineErrorFamily('system', {
  SLUICE_RECONCILE_ROWS_UNREAD: {
    cause:
      'The counts of some hours differ, and Athena gave the nightly judgement no rows of them: these hours stay open, and are unknown after three days.',
    cure: 'Correct what Athena answered: the role of `reconcile`, its workgroup, the folder or key of its results. The next night looks again. Of hours that are unknown by then, the commands of `npx sluice status` do.',
  },
});
