import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What infra/sentinel advises, as far as it does not speak of ports, folders and timing. */
export interface AdvisedRedis extends AsyncDisposable {
  /** Of a data node, access rules included. */
  readonly settings: Readonly<Record<string, string>>
  /** Of a Sentinel. */
  readonly sentinelLines: readonly string[]
}

/** The rules hold for the namespaces that tests make, whichever it is. */
export async function adviseRedis(): Promise<AdvisedRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'curfew-rules-'))
  const aclfile = join(dir, 'users.acl')
  await writeFile(aclfile, (await read('users.acl')).replaceAll('{curfew:', '{t*:'))
  const settings = linesOf(await read('redis.conf')).map((line): [string, string] => {
    const [name = '', ...value] = line.split(' ')
    return [name, value.join(' ').replace('""', '')]
  })
  const sentinelLines = linesOf(await read('sentinel.conf'))
  return {
    settings: { ...Object.fromEntries(settings), aclfile },
    sentinelLines: sentinelLines.filter((line) => !/monitor|milliseconds|timeout/.test(line)),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

/** Passwords in the files are to be changed. Here they are what they are. */
export const passwordOf = (user: string) => `change-me-${user}`

const read = (name: string) => readFile(new URL(`../../../infra/sentinel/${name}`, import.meta.url), 'utf8')

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
