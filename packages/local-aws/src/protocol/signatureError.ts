import { AwsError } from './AwsError.ts';

/** Problems with a request's authentication. */
type SignatureFault =
  | 'missing'
  | 'unsupported'
  | 'malformedHeader'
  | 'malformedQuery'
  | 'missingPayloadHash'
  | 'unknownKey'
  | 'wrongToken'
  | 'headersNotSigned'
  | 'skewed'
  | 'expired'
  | 'mismatch';

/** A problem that the signature check has found. {@link signatureError} gives it the name of a service. */
export class SignatureProblem extends Error {
  /** The kind of the problem. */
  readonly fault: SignatureFault;

  constructor(fault: SignatureFault, message: string) {
    super(message);
    this.name = 'SignatureProblem';
    this.fault = fault;
  }
}

/** The code and the status that a service answers for each problem. */
type Naming = Readonly<Record<SignatureFault, readonly [code: string, status: number]>>;

/** S3's names of the problems: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const S3: Naming = {
  missing: ['AccessDenied', 403],
  unsupported: ['InvalidRequest', 400],
  malformedHeader: ['AuthorizationHeaderMalformed', 400],
  malformedQuery: ['AuthorizationQueryParametersError', 400],
  missingPayloadHash: ['InvalidRequest', 400],
  unknownKey: ['InvalidAccessKeyId', 403],
  wrongToken: ['InvalidToken', 400],
  headersNotSigned: ['AccessDenied', 403],
  skewed: ['RequestTimeTooSkewed', 403],
  expired: ['AccessDenied', 403],
  mismatch: ['SignatureDoesNotMatch', 403],
};

/**
 * https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html. The SDKs take InvalidSignatureException for a
 * clock that is wrong, too.
 */
const JSON_SERVICES: Naming = {
  missing: ['MissingAuthenticationTokenException', 403],
  unsupported: ['IncompleteSignatureException', 400],
  malformedHeader: ['IncompleteSignatureException', 400],
  malformedQuery: ['IncompleteSignatureException', 400],
  missingPayloadHash: ['IncompleteSignatureException', 400],
  unknownKey: ['UnrecognizedClientException', 403],
  wrongToken: ['UnrecognizedClientException', 403],
  headersNotSigned: ['InvalidSignatureException', 403],
  skewed: ['InvalidSignatureException', 403],
  expired: ['InvalidSignatureException', 403],
  mismatch: ['InvalidSignatureException', 403],
};

/**
 * The names of services of the Query protocol: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
 */
const QUERY_SERVICES: Naming = {
  ...JSON_SERVICES,
  missing: ['MissingAuthenticationToken', 403],
  unsupported: ['IncompleteSignature', 400],
  malformedHeader: ['IncompleteSignature', 400],
  malformedQuery: ['IncompleteSignature', 400],
  missingPayloadHash: ['IncompleteSignature', 400],
  unknownKey: ['InvalidClientTokenId', 403],
  wrongToken: ['InvalidClientTokenId', 403],
  headersNotSigned: ['SignatureDoesNotMatch', 403],
  skewed: ['SignatureDoesNotMatch', 403],
  expired: ['SignatureDoesNotMatch', 403],
  mismatch: ['SignatureDoesNotMatch', 403],
};

/** Signing names of the services that speak the Query protocol. */
const OF_QUERY = new Set(['sts', 'iam', 'cloudformation']);

/** The error under the name that the service gives it. */
export function signatureError(problem: SignatureProblem, signingName: string): AwsError {
  const [code, status] = namingOf(signingName)[problem.fault];
  return new AwsError(code, status, problem.message);
}

/** How a service names the problems of a signature. */
function namingOf(signingName: string): Naming {
  if (signingName === 's3') return S3;
  return OF_QUERY.has(signingName) ? QUERY_SERVICES : JSON_SERVICES;
}
