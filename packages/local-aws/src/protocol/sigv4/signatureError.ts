import { AwsError } from '../AwsError.ts';
import type { SignatureFault, SignatureProblem } from './SignatureProblem.ts';

type Naming = Readonly<Record<SignatureFault, readonly [code: string, status: number]>>;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
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

/** https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html; the SDKs know skew by InvalidSignatureException too. */
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

/** The error under the name that the service gives it. */
export function signatureError(problem: SignatureProblem, signingName: string): AwsError {
  const [code, status] = (signingName === 's3' ? S3 : JSON_SERVICES)[problem.fault];
  return new AwsError(code, status, problem.message);
}
