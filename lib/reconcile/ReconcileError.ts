import { defineErrorFamily } from '../base/errors.ts';

/** Why a night could not judge all hours. What it could judge, it has kept. */
export const ReconcileError = defineErrorFamily('system', {
  SLUICE_RECONCILE_ROWS_UNREAD: {
    cause:
      'The counts of some hours differ, and Athena gave the nightly judgement no rows of them: these hours stay open, and are unknown after three days.',
    cure: "Read Athena's answer in the detail and correct what it names: the role of `reconcile`, its workgroup, or the folder or key of its results. The next night looks at these hours again. An hour that is unknown by then is judged by the commands that `npx sluice status` prints.",
  },
});
