import { lookup } from 'node:dns/promises';
import { type DomainName, GetDomainNameCommand } from '@aws-sdk/client-api-gateway';
import { PREFLIGHT_SECONDS } from '../../../infra/endpoint/endpoint.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { ifThere } from '../../ifThere.ts';
import { type Look, missing } from '../Look.ts';

/** The domain of the gateway: whether it takes requests, and whether its name leads there. */
export const domainLook: Look = {
  name: 'domain',
  expects:
    '`endpoint.domain`, if there is one, is available with its certificate, and requests to its name reach it',
  async find({ config: { endpoint }, clients: { apiGateway } }) {
    if (endpoint.domain === null) return [];
    // API Gateway has one list of domains, whichever of its two APIs made them.
    const asked = new GetDomainNameCommand({ domainName: endpoint.domain });
    const found = await ifThere(apiGateway.send(asked));
    if (found === undefined) return [missing(`The domain ${endpoint.domain}`, 'drift')];
    const addresses = await addressesOf(endpoint.domain);
    const expected = await addressesOf(found.regionalDomainName);
    const isDirect = addresses.some((address) => expected.includes(address));
    const isAnswered = isDirect || (await answersPreflight(`https://${endpoint.domain}`));
    return judgeDomain({ ...found, addresses, isAnswered }, endpoint.certificateArn);
  },
};

/** The addresses of a name, as this machine resolves it; none if it cannot. */
async function addressesOf(name = ''): Promise<readonly string[]> {
  if (name === '') return [];
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** Milliseconds in which a gateway answers a preflight, also through a proxy. */
const PREFLIGHT_MS = 5_000;

/**
 * Whether the collector's gateway answers at an address, as through a proxy. It answers preflights itself, so that no function is
 * called and nothing is refused: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 *
 * @param address `https://collect.example.com`
 */
export async function answersPreflight(address: string): Promise<boolean> {
  const asked = fetch(`${address}/v1/rgstr`, {
    method: 'OPTIONS',
    headers: { origin: address, 'access-control-request-method': 'POST' },
    redirect: 'manual',
    signal: AbortSignal.timeout(PREFLIGHT_MS),
  });
  const answer = await asked.catch(() => null);
  return answer?.headers.get('access-control-max-age') === String(PREFLIGHT_SECONDS);
}

/** A domain of API Gateway, and where its name leads. */
interface FoundDomain extends Omit<DomainName, 'domainNameStatus'> {
  readonly domainNameStatus?: string | undefined;
  /** The addresses of its name; none if it cannot be resolved. */
  readonly addresses: readonly string[];
  /** Whether the gateway has one of these, which change, or answers there through a proxy. */
  readonly isAnswered: boolean;
}

/**
 * Judges a domain by its status, its certificate, and whether it leads to the gateway.
 *
 * @param certificateArn As configured.
 */
export function judgeDomain(found: FoundDomain, certificateArn: string | null): readonly Finding[] {
  const { domainName, domainNameStatus: status, domainNameStatusMessage: why, addresses, isAnswered } = found;
  const certificate = found.regionalCertificateArn;
  const because = why ? `: ${why}` : '';
  const unfit = (kind: CaseOf<'SLUICE_FINDING_DOMAIN_UNFIT'>, text: string, detail = text) =>
    finding('SLUICE_FINDING_DOMAIN_UNFIT', {
      case: kind,
      ...seenNow(`${domainName} ${text}`, `${domainName} ${detail}.`),
    });
  const findings: Finding[] = [];
  if (status !== undefined && status !== 'AVAILABLE')
    findings.push(
      unfit(status === 'UPDATING' ? 'updating' : 'status', `is ${status}`, `is ${status}${because}`),
    );
  if (certificate !== undefined && certificate !== certificateArn)
    findings.push(
      unfit('certificate', `has the certificate ${certificate}, configured is ${certificateArn ?? 'none'}`),
    );
  const wanted = `expected the addresses of ${found.regionalDomainName ?? 'the gateway'}`;
  if (addresses.length === 0) findings.push(unfit('unresolved', `has no address, ${wanted}`));
  else if (!isAnswered) findings.push(unfit('elsewhere', `leads to ${addresses.join(', ')}, ${wanted}`));
  return findings;
}
