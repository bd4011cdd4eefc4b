import { defineErrorFamily } from '../../lib/base/errors.ts';

/** Why a probe can't begin, or is of no use. */
export const ProbeError = defineErrorFamily('user', {
  SLUICE_PROBE_NO_KEY: {
    cause: 'There is no SDK key to send with.',
    cure: 'Set SLUICE_PROBE_KEY, or give --key. One for the purpose: K=client-probe-$(openssl rand -hex 16); printf %s "$K" | npx sluice keys add probe --stage <stage>',
  },
  SLUICE_PROBE_KEY_REFUSED: {
    cause: 'The collector does not take the SDK key.',
    cure: 'Add it (`sluice keys add`), wait half a minute, and try again.',
  },
  SLUICE_PROBE_NO_COLLECTOR: {
    cause: 'There is no collector to send to.',
    cure: 'Look at --stage, --region and AWS_PROFILE, and whether the stack is deployed; locally, whether `npm start` runs. Or give --url.',
  },
  SLUICE_PROBE_UNREACHABLE: {
    cause: 'The collector can not be reached.',
    cure: 'Look at the network, and at its URL.',
  },
  SLUICE_PROBE_FILTERED: {
    cause: "The configuration keeps the probe's events out.",
    cure: 'Add "sluice-probe:*" to events.allow, or take it out of events.deny, and deploy.',
  },
  SLUICE_PROBE_WOULD_LAND: {
    cause: '--slow sends 100,000 events of telemetry, and the configuration lands those.',
    cure: 'Leave --slow out, or probe a stage without landTelemetry.',
  },
  SLUICE_PROBE_NOT_ALLOWED: {
    cause: 'AWS refused what finding the collector takes.',
    cure: 'Use credentials that may describe the stack, or give --url.',
  },
});
