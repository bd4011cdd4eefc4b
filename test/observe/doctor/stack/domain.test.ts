import { describe, expect, it } from '@jest/globals';
import { judgeDomain } from '../../../../observe/doctor/stack/domain.ts';
import { findingCatalogue } from '../../../../observe/findings/catalogue.ts';

describe('a domain', () => {
  const well = {
    domainName: 'd',
    domainNameStatus: 'AVAILABLE',
    regionalDomainName: 'g',
    regionalCertificateArn: 'c',
    addresses: ['1.1.1.1', '2.2.2.2'],
    isAnswered: true,
  };

  interface DomainCase {
    readonly what: string;
    /** How it differs from one that is well. */
    readonly more: Partial<Parameters<typeof judgeDomain>[0]>;
    readonly found: readonly { readonly name: string; readonly detail: string }[];
  }

  it.each<DomainCase>([
    { what: 'is well', more: {}, found: [] },
    {
      what: 'has no status and no certificate yet',
      more: { domainNameStatus: undefined, regionalCertificateArn: undefined },
      found: [],
    },
    {
      what: 'is updated now',
      more: { domainNameStatus: 'UPDATING' },
      found: [{ name: 'updating', detail: 'd is UPDATING.' }],
    },
    {
      what: 'is not available, and has another certificate',
      more: { domainNameStatus: 'PENDING', domainNameStatusMessage: 'm', regionalCertificateArn: 'x' },
      found: [
        { name: 'status', detail: 'd is PENDING: m.' },
        { name: 'certificate', detail: 'd has the certificate x, configured is c.' },
      ],
    },
    {
      what: 'leads elsewhere',
      more: { isAnswered: false },
      found: [{ name: 'elsewhere', detail: 'd leads to 1.1.1.1, 2.2.2.2, expected the addresses of g.' }],
    },
    {
      what: 'has no address',
      more: { addresses: [] },
      found: [{ name: 'unresolved', detail: 'd has no address, expected the addresses of g.' }],
    },
  ])('that $what is told by its cases', ({ more, found }) => {
    const cases = Object.entries(findingCatalogue.SLUICE_FINDING_DOMAIN_UNFIT.cases);
    const judged = judgeDomain({ ...well, ...more }, 'c').map(({ cause, detail }) => ({
      name: cases.find(([, known]) => known.cause === cause)?.[0],
      detail,
    }));
    expect(judged).toEqual(found);
  });
});
