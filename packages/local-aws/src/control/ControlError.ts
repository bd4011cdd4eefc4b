import { defineErrorFamily } from '../../../../lib/base/errors.ts';

/** Wrong calls of the control API. */
export const ControlError = defineErrorFamily('user', {
  SLUICE_CONTROL_UNKNOWN: {
    cause: 'There is no such control call.',
    cure: 'GET /_sluice/status; POST /_sluice/flush; GET, POST or DELETE /_sluice/faults; GET or POST /_sluice/clock; GET or DELETE /_sluice/calls; POST /_sluice/credentials.',
  },
  SLUICE_CONTROL_NOT_READY: { cause: 'The local cloud is still starting.', cure: 'Call again in a moment.' },
  SLUICE_CONTROL_BODY: {
    cause: 'The body of the control call is not understood.',
    cure: 'See docs/local.md for the shape of each call.',
  },
});
