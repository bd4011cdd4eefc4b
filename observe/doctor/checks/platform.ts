import { lookup } from 'node:dns/promises';
import { GetDomainNameCommand, type GetDomainNameCommandOutput } from '@aws-sdk/client-api-gateway';
import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';
import { CheckImpossible, type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** The domain of the gateway: whether it takes requests, and whether its name leads there. */
export const domain: Check = {
  name: 'domain',
  expects:
    '`endpoint.domain`, if there is one, is available with its certificate, and its DNS record points to it',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_DOMAIN_UNFIT'],
  permissions: ['apigateway:GET'],
  async run(doctor) {
    const { endpoint } = await doctor.config();
    const { domain: domainName, certificateArn } = endpoint;
    if (domainName === null) return [];
    const { apiGateway } = await doctor.clients();
    let found: GetDomainNameCommandOutput;
    try {
      // API Gateway has one list of domains, whichever of its two APIs made them.
      found = await doctor.ask('apigateway:GET', () =>
        apiGateway.send(new GetDomainNameCommand({ domainName })),
      );
    } catch (error) {
      if (isAwsError(error, 'NotFoundException'))
        return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The domain ${domainName}.`)];
      throw error;
    }
    const unfit = judgeDomain({ domainName, certificateArn }, found);
    const target = found.regionalDomainName ?? '';
    return [
      ...unfit,
      ...judgeDns(domainName, target, await addressesOf(domainName), await addressesOf(target)),
    ];
  },
};

/** Judges a domain by its status and certificate. */
export function judgeDomain(
  configured: { readonly domainName: string; readonly certificateArn: string | null },
  found: Pick<
    GetDomainNameCommandOutput,
    'domainNameStatus' | 'domainNameStatusMessage' | 'regionalCertificateArn'
  >,
): Finding[] {
  const { domainNameStatus: status, domainNameStatusMessage: why, regionalCertificateArn } = found;
  const problems = [
    ...(status === undefined || status === 'AVAILABLE'
      ? []
      : [`is ${status}${why === undefined || why === '' ? '' : `: ${why}`}`]),
    ...(regionalCertificateArn === undefined || regionalCertificateArn === configured.certificateArn
      ? []
      : [`has the certificate ${regionalCertificateArn}, configured is ${configured.certificateArn}`]),
  ];
  return problems.length === 0
    ? []
    : [finding('SLUICE_DOCTOR_DOMAIN_UNFIT', `${configured.domainName} ${problems.join('; it ')}.`)];
}

/**
 * Judges whether a domain leads to the gateway: they share an address. API Gateway's names have several, which change.
 *
 * @param target `DomainTarget` of the outputs.
 * @param there Addresses of the domain; none if there is no record.
 * @param expected Addresses of the target.
 */
export function judgeDns(
  domainName: string,
  target: string,
  there: readonly string[],
  expected: readonly string[],
): Finding[] {
  if (there.some((address) => expected.includes(address))) return [];
  const what = there.length === 0 ? 'has no address' : `leads to ${there.join(', ')}`;
  return [
    finding('SLUICE_DOCTOR_DOMAIN_UNFIT', `${domainName} ${what}, expected the addresses of ${target}.`),
  ];
}

/** As this machine resolves a name; none if it cannot. */
async function addressesOf(name: string): Promise<readonly string[]> {
  if (name === '') return [];
  try {
    const found = await lookup(name, { all: true });
    return found.map(({ address }) => address);
  } catch {
    return [];
  }
}

/** Resource types that a permissions boundary can limit. */
const BOUNDED = ['AWS::IAM::Role', 'AWS::IAM::User'] as const;

/** The permissions boundary of the stack's roles and users, which CloudFormation does not compare with the template. */
export const boundary: Check = {
  name: 'boundary',
  expects: 'every role and user of the stack has the `permissionsBoundary`, if one is configured',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_DRIFT'],
  permissions: ['iam:GetRole', 'iam:GetUser', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const { permissionsBoundary } = await doctor.config();
    if (permissionsBoundary === null) return [];
    const identities = [...(await doctor.resources()).values()].filter(({ type }) =>
      BOUNDED.some((one) => one === type),
    );
    return checkEach(
      identities,
      async ({ physicalId, type }) => {
        const found = await boundaryOf(doctor, type, physicalId);
        return found === permissionsBoundary
          ? []
          : [
              finding(
                'SLUICE_DOCTOR_DRIFT',
                `${physicalId} has ${found ?? 'none'}, expected ${permissionsBoundary}.`,
              ),
            ];
      },
      (impossible) => impossible.finding,
    );
  },
};

async function boundaryOf(doctor: DoctorContext, type: string, name: string): Promise<string | undefined> {
  const { iam } = await doctor.clients();
  try {
    if (type === 'AWS::IAM::User') {
      const { User } = await doctor.ask('iam:GetUser', () =>
        iam.send(new GetUserCommand({ UserName: name })),
      );
      return User?.PermissionsBoundary?.PermissionsBoundaryArn;
    }
    const { Role } = await doctor.ask('iam:GetRole', () => iam.send(new GetRoleCommand({ RoleName: name })));
    return Role?.PermissionsBoundary?.PermissionsBoundaryArn;
  } catch (error) {
    // IAM of the local cloud lists only what was made by its calls, not the template's roles.
    if (doctor.isLocal && isAwsError(error, 'NoSuchEntityException', 'NoSuchEntity'))
      throw new CheckImpossible(
        finding('SLUICE_DOCTOR_UNCHECKED', "The boundaries of the template's roles."),
      );
    throw error;
  }
}
