import { defineErrorFamily, type SluiceError } from '../base/errors.ts';
import { type Answer, refusalAnswer } from '../wire/RequestError.ts';

/** Why a read of an SDK is refused. */
export const PassThroughError = defineErrorFamily('user', {
  SLUICE_PASS_THROUGH_NOT_READ: {
    cause: 'Nothing is read from Statsig by this method and path.',
    cure: 'Set the base address of the SDK to the output GatewayUrl or CollectorUrl and /v1: docs/sdks.md, "SDKs with one address".',
  },
  SLUICE_PASS_THROUGH_KEYS_DIFFER: {
    cause: 'The request has different SDK keys in its path, headers and query.',
    cure: 'Send one key.',
  },
  SLUICE_PASS_THROUGH_REQUEST_INVALID: {
    cause: 'The request cannot be sent to Statsig: its query, or a body that the gateway damaged.',
    cure: 'Send it as the SDK writes it. A proxy on the way can change it.',
  },
  SLUICE_PASS_THROUGH_REQUEST_TOO_LARGE: {
    cause: 'The body of the request is larger than a read of an SDK.',
    cure: 'Send events to a log path. Remove what is large from the user.',
  },
  SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE: {
    cause: "Statsig's answer is larger than Lambda can pass on.",
    cure: "Let the SDK accept compressed answers (Accept-Encoding: gzip). If it does, give it rules for its environment or target app only, or let it read from Statsig itself: the SDK's option for the address of rules.",
  },
});

/** Why a read could not be answered. The answer is 503: SDKs go on with the rules that they have, and ask again. */
export const PassThroughFailure = defineErrorFamily('system', {
  SLUICE_PASS_THROUGH_UNREACHABLE: {
    cause: 'Statsig did not answer, or not in time.',
    cure: 'Look at https://status.statsig.com. If it persists, check that the function may reach the internet.',
  },
  SLUICE_PASS_THROUGH_REDIRECTED: {
    cause: "Statsig's answer was a redirect. None is followed: it could lead anywhere.",
    cure: 'If it persists, Statsig may have moved: update Sluice, or set `passThrough.url`.',
  },
  SLUICE_PASS_THROUGH_FAILED: {
    cause: 'The function failed unexpectedly.',
    cure: 'Ask again. If the error persists, read the log of `pass-through`, which contains it.',
  },
  SLUICE_PASS_THROUGH_ENVIRONMENT_INVALID: {
    cause: 'The function is not set up: environment variables are missing or wrong.',
    cure: 'Deploy with the serverless.yml of this repository.',
  },
});

/** Statuses on which no SDK asks again at once: statsig-rust, network_client.rs, NON_RETRY_CODES. */
const STATUS: Readonly<Record<string, number>> = {
  SLUICE_PASS_THROUGH_NOT_READ: 405,
  SLUICE_PASS_THROUGH_REQUEST_TOO_LARGE: 413,
  SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE: 413,
};

/** The answer to a read that is refused: code, message and cure as JSON. */
export function passThroughRefusal(error: SluiceError): Answer {
  const answer = refusalAnswer(error);
  const status = STATUS[error.code];
  return status === undefined ? answer : { ...answer, status };
}
