import * as z from 'zod';

/** An account, or a role, user or account root by ARN. Never `*`, which is everybody. */
const PRINCIPAL = /^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(role|user)\/[\w+=,.@/-]+))$/;
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;

/** Who assumes Statsig's role. */
export function statsigPrincipal() {
  return z
    .string("Statsig's account ID")
    .regex(PRINCIPAL, "Statsig's account ID of 12 digits, or the ARN of its role or user");
}

/** Who assumes Metabase's role: what it runs on, or whoever is named. */
export function metabasePrincipal() {
  return z
    .string('ec2, ecs-tasks or an ARN')
    .refine(
      (value) =>
        value === 'ec2' || value === 'ecs-tasks' || (PRINCIPAL.test(value) && value.startsWith('arn:')),
      'ec2, ecs-tasks, or the ARN of a role or user',
    );
}

/** Who is let into a bucket of others. */
export function bucketPrincipal() {
  return z
    .string('an account ID or an ARN')
    .regex(PRINCIPAL, 'an account ID of 12 digits, or the ARN of a role or user');
}

/** An external ID, which a role's trust policy asks for: for Statsig the one that it made for the connection. */
export function externalId() {
  return z
    .string('an external ID')
    .regex(EXTERNAL_ID, 'an external ID: 2 to 1224 letters, digits and +=,.@:/_-');
}
