import { loadConfig } from '../config/load.ts';
import { AdminClient } from './admin-client.ts';

/** `upstairs recopy`: has a key copied again that the bucket lost. Overwrites nothing. */
export async function recopy(options: { config: string; key: string; json?: true }): Promise<void> {
  const { config } = loadConfig(options.config, { env: process.env, environment: false });
  const { note } = await new AdminClient(config).post<{ note: string }>('/api/recopy', { key: options.key });
  process.stdout.write(options.json ? `${JSON.stringify({ key: options.key, note })}\n` : `${options.key}: ${note}\n`);
}
