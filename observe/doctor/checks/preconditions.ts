import { ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose';
import { requireRegion } from '../../../infra/serverless/requirements.ts';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { AwsAccessError } from '../../explainAwsError.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { isAwsError } from '../askAws.ts';
import type { Identity } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** The configuration: every other check depends on it. */
export const configuration: Check = {
  name: 'configuration',
  expects: 'the configuration file exists and is valid, for the stage and beside all others',
  needs: [],
  blocks: ['SLUICE_DOCTOR_CONFIGURATION'],
  codes: ['SLUICE_DOCTOR_CONFIGURATION'],
  permissions: [],
  async run(doctor) {
    try {
      await doctor.config();
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [finding('SLUICE_DOCTOR_CONFIGURATION', `${error.code}: ${error.message}`)];
    }
  },
};

/**
 * Names of errors for credentials that are unknown or expired.
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
const REFUSED = [
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
];

/** The credentials: without them, nothing in AWS can be checked. */
export const credentials: Check = {
  name: 'credentials',
  expects: 'AWS accepts the credentials, and they are of the configured account',
  needs: ['configuration'],
  blocks: ['SLUICE_DOCTOR_CREDENTIALS'],
  codes: ['SLUICE_DOCTOR_CREDENTIALS'],
  permissions: ['sts:GetCallerIdentity'],
  async run(doctor) {
    try {
      const [{ account }, config] = await Promise.all([doctor.identity(), doctor.config()]);
      // The local cloud has one account, whatever the configuration says.
      return doctor.isLocal ? [] : judgeAccount(account, config);
    } catch (error) {
      const none = error instanceof AwsAccessError && error.code === 'SLUICE_AWS_NO_CREDENTIALS';
      if (!none && !isAwsError(error, ...REFUSED)) throw error;
      return [finding('SLUICE_DOCTOR_CREDENTIALS', error instanceof Error ? error.message : '')];
    }
  },
};

/** Compares the credentials' account with the configuration's, if it states one. */
export function judgeAccount(account: string, config: Pick<Config, 'account'>): Finding[] {
  if (config.account === null || config.account === account) return [];
  return [finding('SLUICE_DOCTOR_CREDENTIALS', `account: got ${account}, expected ${config.account}.`)];
}

/** Reported well before five minutes, from which AWS rejects signatures. */
const MOST_MS = 60_000;
/** `Date` has whole seconds. */
const DATE_STEP_MS = 1_000;

/** This machine's clock: AWS rejects requests that are signed at another time, and days would be computed incorrectly. */
export const clock: Check = {
  name: 'clock',
  expects: "this machine's clock and AWS's differ by less than a minute",
  needs: ['credentials'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_CLOCK_OFF'],
  permissions: ['sts:GetCallerIdentity'],
  run: async (doctor) => judgeClock(await doctor.identity()),
};

/** Judges by the `Date` of a response, which was written between request and arrival. */
export function judgeClock({ theirTime, ourTime }: Pick<Identity, 'theirTime' | 'ourTime'>): Finding[] {
  if (theirTime === undefined) return [];
  const ahead = ourTime.before - (theirTime + DATE_STEP_MS);
  const behind = theirTime - ourTime.after;
  const off = Math.max(ahead, behind);
  if (off <= MOST_MS) return [];
  const way = ahead > behind ? 'ahead' : 'behind';
  return [finding('SLUICE_DOCTOR_CLOCK_OFF', `This machine is ${Math.round(off / 1000)} s ${way}.`)];
}

/** The region: Statsig, Athena and the bucket must be in the same one, and not every region has every service. */
export const region: Check = {
  name: 'region',
  expects: 'the region has every service that the stack needs, and the architecture of its functions',
  needs: ['credentials'],
  blocks: ['SLUICE_DOCTOR_REGION_UNFIT'],
  codes: ['SLUICE_DOCTOR_REGION_UNFIT'],
  permissions: ['firehose:ListDeliveryStreams'],
  async run(doctor) {
    const { region: name } = await doctor.identity();
    try {
      requireRegion(await doctor.config(), name);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [finding('SLUICE_DOCTOR_REGION_UNFIT', `${name}: ${error.message.replaceAll(/\s+/g, ' ')}`)];
    }
    const { firehose } = await doctor.clients();
    try {
      await doctor.ask('firehose:ListDeliveryStreams', () =>
        firehose.send(new ListDeliveryStreamsCommand({ Limit: 1 })),
      );
    } catch (error) {
      // AWS has just answered sts:GetCallerIdentity, so a host name that does not resolve means that the service is missing.
      if (!(error instanceof AwsAccessError) || !/ENOTFOUND/.test(String(error.cause))) throw error;
      return [finding('SLUICE_DOCTOR_REGION_UNFIT', `${name} has no Firehose: ${error.detail}`)];
    }
    return [];
  },
};
