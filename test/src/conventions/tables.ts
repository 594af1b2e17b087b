/** The rows of all tables in a page or in a comment of code, cell by cell; headings are left out. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n').map((line) => line.replace(/^ \* /, '').trim())
  return lines
    .filter((line, index) => isRow(line) && !isRule(line) && !isRule(lines[index + 1] ?? ''))
    .map(cellsOf)
}

/** The names in the first column, without their backquotes. */
export function firstCells(text: string): string[] {
  return tableRows(text).map(([first = '']) => first.replaceAll('`', ''))
}

function isRow(line: string): boolean {
  return line.startsWith('|') && line.endsWith('|')
}

function isRule(line: string): boolean {
  return /^\|[\s|:-]+\|$/.test(line)
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}
