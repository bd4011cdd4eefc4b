import { defineErrorFamily } from '../../lib/base/errors.ts';

/** Errors that prevent a probe. */
export const ProbeError = defineErrorFamily('user', {
  SLUICE_PROBE_NO_KEY: {
    cause: 'There is no SDK key to send with.',
    cure: 'Set SLUICE_PROBE_KEY, or use --key. To create a key for the probe: K=client-probe-$(openssl rand -hex 16); printf %s "$K" | npx sluice keys add probe --stage <stage>',
  },
  SLUICE_PROBE_KEY_REFUSED: {
    cause: 'The collector does not accept the SDK key.',
    cure: 'Add it (`sluice keys add`), wait half a minute, and run the probe again.',
  },
  SLUICE_PROBE_NO_COLLECTOR: {
    cause: 'There is no collector.',
    cure: 'Check --stage, --region and AWS_PROFILE, and whether the stack is deployed. For the local cloud, check that `npm start` is running. Or use --url.',
  },
  SLUICE_PROBE_UNREACHABLE: {
    cause: 'The collector cannot be reached.',
    cure: 'Check the network and the URL.',
  },
  SLUICE_PROBE_FILTERED: {
    cause: "The configuration ignores the probe's events.",
    cure: 'Add "sluice-probe:*" to events.allow, or remove it from events.deny, and deploy.',
  },
  SLUICE_PROBE_NOT_ALLOWED: {
    cause: 'AWS denied access to the stack, which has the URL of the collector.',
    cure: 'Use credentials that may describe the stack, or use --url.',
  },
});
