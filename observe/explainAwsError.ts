import { defineErrorFamily, type SluiceError } from '../lib/base/errors.ts';

/** Errors of access to AWS that any command can have. */
export const AwsAccessError = defineErrorFamily('user', {
  SLUICE_AWS_NO_REGION: {
    cause: 'No AWS region is set.',
    cure: 'Use --region, or set AWS_REGION, AWS_DEFAULT_REGION or the region of your AWS profile.',
  },
  SLUICE_AWS_NO_CREDENTIALS: {
    cause: 'There are no AWS credentials.',
    cure: 'Sign in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  SLUICE_AWS_UNREACHABLE: {
    cause: 'AWS cannot be reached.',
    cure: 'For the local cloud, start it (`npx sluice start`). For a deployment, name it with --stage, and check the network, the region, and --endpoint-url or AWS_ENDPOINT_URL if one is set.',
  },
  SLUICE_AWS_FAILED: {
    cause: 'A call of AWS failed.',
    cure: "Read the detail. If it denies access: is the stage deployed with this feature, and may your credentials read the tables, the bucket's ledger/ and the queues that the command is about? If AWS was only busy, run the command again.",
  },
});

/** Node's codes for names that do not resolve, failed and broken connections, and untrusted certificates. */
const NETWORK =
  /^(E(CONN(REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|(HOST|NET)(UNREACH|DOWN)|ADDRNOTAVAIL)|ERR_(TLS|SSL)_.*|CERT_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_.*|EPROTO)$/;

/**
 * The meaning of an error of an AWS client. `answered`: AWS returned an error, which the command explains best. `unasked`: AWS
 * was not reached. Undefined: the error is a defect, or about this machine, for example a full disk.
 */
export type AwsProblem =
  | { readonly kind: 'answered'; readonly name: string; readonly detail: string }
  | { readonly kind: 'unasked'; readonly error: SluiceError };

/** Classifies what an AWS client threw, or the stream of a response body. */
export function explainAwsError(error: unknown): AwsProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const detail = `${error.name}: ${error.message}`;
  const unasked = (code: keyof typeof AwsAccessError.entries): AwsProblem => ({
    kind: 'unasked',
    error: new AwsAccessError(code, detail, { cause: error }),
  });
  // The client throws a plain Error here.
  if (/^Region (is missing|not accepted)/.test(error.message)) return unasked('SLUICE_AWS_NO_REGION');
  if (/^(CredentialsProvider|TokenProvider|ProcessCredentials)Error$/.test(error.name))
    return unasked('SLUICE_AWS_NO_CREDENTIALS');
  if (isAnswered(error)) return { kind: 'answered', name: error.name, detail };
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK.test(code) || error.name === 'TimeoutError') return unasked('SLUICE_AWS_UNREACHABLE');
  return undefined;
}

/** Errors of the connection have `$metadata`, too, but only those of a response have a status. */
function isAnswered(error: Error): boolean {
  if (!('$metadata' in error)) return false;
  const { $metadata } = error;
  return typeof $metadata === 'object' && $metadata !== null && 'httpStatusCode' in $metadata;
}
