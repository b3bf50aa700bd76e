const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface LogEntry {
  path: string;
  atMs: number;
  status?: number;
  method?: string;
  address?: string;
}

/** Lines as nginx writes them in its format `combined`, each ended. */
export function combinedLog(entries: readonly LogEntry[]): string {
  return entries.map((entry) => `${combinedLine(entry)}\n`).join('');
}

function combinedLine({ path, atMs, status = 200, method = 'GET', address = '192.0.2.1' }: LogEntry): string {
  const at = new Date(atMs);
  const day = String(at.getUTCDate()).padStart(2, '0');
  const time = `${day}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
  return `${address} - - [${time}] "${method} ${path} HTTP/1.1" ${status} 512 "-" "curl/8"`;
}
