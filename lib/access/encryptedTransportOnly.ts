/** The statement of a bucket's policy that denies everything without TLS, on the bucket and all its objects. */
export function encryptedTransportOnly<Arn>(resources: readonly Arn[]) {
  return {
    Sid: 'EncryptedTransportOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: resources,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  } as const;
}
