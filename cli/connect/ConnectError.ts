import { defineErrorFamily } from '../../lib/errors/defineErrorFamily.ts';

/** What can keep `sluice connect` from filling a form in. */
export const ConnectError = defineErrorFamily('user', {
  SLUICE_CONNECT_NO_STACK: {
    cause: 'There is no such deployment.',
    cure: 'Deploy it (`npx serverless deploy --stage …`), or name another with --stage and --region; for the local cloud run `npm start` and give --local.',
  },
  SLUICE_CONNECT_NOT_DEPLOYED: {
    cause: 'The reader is in the configuration, but not in the deployment.',
    cure: 'Deploy again (locally: stop the cloud and start it again), then ask again.',
  },
  SLUICE_CONNECT_REFUSED: {
    cause: 'The deployment may not be looked at with these credentials.',
    cure: 'Use credentials that are allowed cloudformation:DescribeStacks on the stack, which whoever deployed it has.',
  },
});
