// The HTTP endpoint in front of services.
export { parseAllowedHosts } from './requestGuard.ts';
export { startEdge } from './startEdge.ts';
