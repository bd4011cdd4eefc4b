/** The ARN of a key of the account, by its ID. */
export const keyArn = (id: string): string => `arn:aws:kms:us-east-1:000000000000:key/${id}`;
