import type { Config } from '../config/schema.ts';
import { percentEncode } from '../lib/percent-encode.ts';

/** Where readers find a key: on the first read host that has a name. */
export function mediaUrl({ read }: Pick<Config, 'read'>, key: string): string {
  const path = key.split('/').map(percentEncode).join('/');
  const route = read.routes.find(({ host }) => host !== '*') ?? read.routes[0];
  const folder = route === undefined || route.prefix.endsWith('/') ? (route?.prefix ?? '/') : `${route.prefix}/`;
  return route === undefined || route.host === '*' ? `${folder}${path}` : `https://${route.host}${folder}${path}`;
}
