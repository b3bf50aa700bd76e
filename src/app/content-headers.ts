import type { Config } from '../config/schema.ts';
import { contentType } from '../media/content-type.ts';

/** The content headers of a key: those that its copy gets, so that they are the same before and after the move. */
export function contentHeaders({ copy }: Pick<Config, 'copy'>): (key: string) => Record<string, string> {
  return (key) => ({ 'content-type': contentType(key), 'cache-control': copy.cacheControl });
}
