import { defineErrorFamily } from '../../lib/errors/defineErrorFamily.ts';

/** What can keep a command from AWS, whatever it wanted there. */
export const AwsAccessError = defineErrorFamily('user', {
  SLUICE_AWS_NO_REGION: {
    cause: 'There is no AWS region to go to.',
    cure: 'Give --region, or set AWS_REGION, AWS_DEFAULT_REGION or the region of your AWS profile.',
  },
  SLUICE_AWS_NO_CREDENTIALS: {
    cause: 'There are no AWS credentials to be had.',
    cure: 'Sign in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  SLUICE_AWS_UNREACHABLE: {
    cause: 'AWS can not be reached.',
    cure: 'Look at the network, the region, and --endpoint-url or AWS_ENDPOINT_URL if one is set: is the local cloud running?',
  },
  SLUICE_AWS_FAILED: {
    cause: 'AWS did not do what it was asked for.',
    cure: 'Look at the detail; run the command again when AWS was only busy.',
  },
});
