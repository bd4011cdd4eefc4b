import { defineErrorFamily } from '../../lib/base/errors.ts';

/** Errors of `sluice trial`. */
export const TrialError = defineErrorFamily('user', {
  SLUICE_TRIAL_ACCOUNT_UNFIT: {
    cause: 'The account is not ready for a deployment. Nothing was made.',
    cure: 'Do what the findings above say, and run the trial again.',
  },
  SLUICE_TRIAL_DEPLOY_FAILED: {
    cause: 'The deployment failed.',
    cure: 'docs/deploy.md has each known message with its cure, and the log has all of them. Attach both to an issue, without account numbers.',
  },
  SLUICE_TRIAL_NO_ANSWER: {
    cause: 'Something other than the collector answered, or nothing did.',
    cure: 'An organization may forbid public URLs, and a proxy may be between: try the other `--endpoint`, or another network.',
  },
  SLUICE_TRIAL_NOT_REMOVED: {
    cause: 'Something of the trial could not be removed.',
    cure: 'Wait if CloudFormation still works on it, or use credentials that may delete it, and run `sluice trial --remove` with the ID again.',
  },
});
