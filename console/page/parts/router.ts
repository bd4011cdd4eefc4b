import { useEffect, useState } from 'preact/hooks';
import { addressOf, type Params } from './api.ts';

/** The page that is shown: `#/live?user=ada` is `/live` with the parameter `user`. */
export interface Route {
  /** `/live` */
  readonly path: string;
  /** The parameters that the address has. */
  readonly params: Readonly<Record<string, string>>;
}

/** The route of the address as it is now. */
function readRoute(): Route {
  const [path = '', query = ''] = location.hash.slice(1).split('?');
  return { path: path === '' ? '/' : path, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page, for `href`. */
export function link(path: string, params: Params = {}): string {
  return `#${addressOf(path, params)}`;
}

/** The current route. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const change = () => setRoute(readRoute());
    window.addEventListener('hashchange', change);
    // The address may have changed between the first drawing and now.
    change();
    return () => window.removeEventListener('hashchange', change);
  }, []);
  return route;
}

/** Goes to a page. */
export function go(path: string, params: Params = {}): void {
  location.hash = link(path, params);
}

/** Changes parameters of the current page without an entry in the history: filters, and rows that are unfolded. */
export function setParams(change: Params): void {
  const { path, params } = readRoute();
  history.replaceState(null, '', link(path, { ...params, ...change }));
  window.dispatchEvent(new Event('hashchange'));
}
