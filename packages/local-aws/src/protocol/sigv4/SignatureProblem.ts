/** What is wrong with a request's authentication, whatever the service calls it: see `signatureError.ts`. */
export type SignatureFault =
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

/** Thrown by the signature check. */
export class SignatureProblem extends Error {
  readonly fault: SignatureFault;

  constructor(fault: SignatureFault, message: string) {
    super(message);
    this.name = 'SignatureProblem';
    this.fault = fault;
  }
}
