/** The system's word for an error (`ENOENT`); unlike its message, it names no path. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
