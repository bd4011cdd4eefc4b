import { HERE, sub } from '../template/intrinsics.ts';

/**
 * That what is asked for is another account's: of a statement about accounts of customers, one of which may be our own.
 * There an identity's policy is enough, so that all the account has would stand open to it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
 */
export const OTHER_ACCOUNTS = { StringNotEquals: { 'aws:ResourceAccount': sub(HERE.account) } };
