import { defineErrorFamily, type SluiceError } from '../../lib/base/errors.ts';

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

/** Node's codes of names that don't resolve, connections that don't come about or break, and TLS without trust. */
const NETWORK =
  /^(E(CONN(REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|(HOST|NET)(UNREACH|DOWN)|ADDRNOTAVAIL)|ERR_(TLS|SSL)_.*|CERT_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_.*|EPROTO)$/;

/**
 * What an error that came out of an AWS client means, if it is about AWS at all: `answered` is a refusal in AWS's own
 * words, which the command knows best how to cure; undefined is a defect, or about this machine (a full disk).
 */
export type AwsProblem =
  | { readonly kind: 'answered'; readonly name: string; readonly detail: string }
  | { readonly kind: 'unasked'; readonly error: SluiceError };

/** Judges what an AWS client threw, or the stream of a body that it answered. */
export function explainAwsError(error: unknown): AwsProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const detail = `${error.name}: ${error.message}`;
  const unasked = (code: keyof typeof AwsAccessError.entries): AwsProblem => ({
    kind: 'unasked',
    error: new AwsAccessError(code, detail, { cause: error }),
  });
  // A plain Error: the client has no name for it.
  if (/^Region (is missing|not accepted)/.test(error.message)) return unasked('SLUICE_AWS_NO_REGION');
  if (/^(CredentialsProvider|TokenProvider|ProcessCredentials)Error$/.test(error.name))
    return unasked('SLUICE_AWS_NO_CREDENTIALS');
  if (isAnswered(error)) return { kind: 'answered', name: error.name, detail };
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK.test(code) || error.name === 'TimeoutError') return unasked('SLUICE_AWS_UNREACHABLE');
  return undefined;
}

/** The client gives `$metadata` to errors of the connection, too, but a status only to answers. */
function isAnswered(error: Error): boolean {
  if (!('$metadata' in error)) return false;
  const { $metadata } = error;
  return typeof $metadata === 'object' && $metadata !== null && 'httpStatusCode' in $metadata;
}
