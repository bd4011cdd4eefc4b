import { defineErrorFamily } from '../../../../lib/base/errors.ts';

/** Why the local cloud refuses a request before it looks at what the request asks for. */
export const RequestGuardError = defineErrorFamily('user', {
  SLUICE_LOCAL_HOST_REFUSED: {
    cause: 'The Host of the request is not a name of this machine.',
    cure: 'Send the request to 127.0.0.1, localhost or a name that ends in .localhost. If another name leads to this machine on purpose, start the local cloud with --allow-hosts NAME.',
  },
  SLUICE_LOCAL_ORIGIN_REFUSED: {
    cause: 'A web page of another site sent the request.',
    cure: 'Open the page from this machine (http://localhost:…), or start the local cloud with --allow-hosts and the host of the page.',
  },
});
