/** Says in a page that it is made, and from what. */
export function generated(title: string, from: string, introduction: string): string {
  return `# ${title}\n\n<!-- Written by \`npm run docs\` from ${from}: change that instead. -->\n\n${introduction}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A bar would end the cell. */
function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
